#!/bin/sh
# Hangs until somebody writes to the pipe that it is given.
read -r _ < "$1"
exit 1
