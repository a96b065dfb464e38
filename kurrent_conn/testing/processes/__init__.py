"""Nodes as processes of their own: who forks them and what they tell each other."""
