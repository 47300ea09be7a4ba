"""What the tests of the installed program share: a check and a wait, what a browser does, and where things run."""
