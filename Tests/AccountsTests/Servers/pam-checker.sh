#!/bin/sh
# Asked by pam_exec: the password comes on standard input, without a line break, the user in the environment.
password=$(tr -d '\0')
[ "$PAM_USER" = alice ] && [ "$password" = secret ]
