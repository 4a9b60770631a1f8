"""Inputs, doubles and comparisons that tests of several layers share."""
