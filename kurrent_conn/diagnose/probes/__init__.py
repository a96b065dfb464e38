"""The doctor's hands: they ask what `inquiry` says, side by side, and report.

Threads and blocking calls, at most once a doctor; nothing here judges.
"""
