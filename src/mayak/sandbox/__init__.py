"""Local servers that behave like the real ones, bad habits included, over one World.

They serve the offline demo and the tests: the product's own clients talk to them over HTTP and
cannot tell the difference. Nothing of the product is imported here, so that a wrong idea about
a service cannot be shared by both sides.
"""
