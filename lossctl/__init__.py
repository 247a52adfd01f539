"""How wrong are these predictions?"""
