"""The messages of KurrentDB's wire, under package names of our own.

Written by hand from the numbers in reference tables; `README.md` says how the Python
modules beside the `.proto` files are generated, and why the names differ.
"""
