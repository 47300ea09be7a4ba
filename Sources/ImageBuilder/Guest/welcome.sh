#!/bin/sh
cat <<'TEXT'
Welcome. You are "user", the password is "user", sudo asks for none.

  Programs         Menu, or a click on the desktop
  Install more     sudo apt update && sudo apt install NAME

All of this is gone when the session ends: copy out what you want to keep.

TEXT
exec bash
