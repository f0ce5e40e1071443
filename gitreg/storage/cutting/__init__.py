"""Where an artifact's byte stream is cut into chunks: the rule `gitreg-1`.

The same bytes under the same paths give the same cuts on every machine.  Nothing here reads more of a file than
its headers, and a wrong or hostile header moves cuts, never bytes.
"""
