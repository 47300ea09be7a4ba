#!/bin/sh
cat <<'TEXT'
Welcome. You are "user", the password is "user", sudo asks for none.

  Programs         Menu, or a click on the desktop
  Install more     sudo apt update && sudo apt install NAME
  Exchange files   /mnt/exchange, which the session's page shows in the browser

All else is gone when the session ends: copy there what you want to keep, and fetch it from the page.

TEXT
exec bash
