"""What the tests of the package and of the containers share."""
