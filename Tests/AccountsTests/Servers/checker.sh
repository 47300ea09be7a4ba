#!/bin/sh
# Sign-in program of the tests: says yes to alice with the password secret; other names show how programs go wrong.
IFS= read -r user
IFS= read -r password
case $user in
    alice) [ "$password" = secret ] && exit 0; exit 1 ;;
    'spaced "name" $HOME') [ "$password" = ' p "$w`x` ' ] && exit 0; exit 1 ;;
    code*) exit "${user#code}" ;;
    crash) kill -SEGV $$ ;;
    loud) yes | head -c 1000000 >&2; exit 0 ;;
    chatty) yes | head -c 1000000; exit 0 ;;
    # Does not mind case, and says how the name is spelt.
    [bB][oO][bB]) [ "$password" = x ] || exit 1; echo bob; exit 0 ;;
    # Leaves a child behind that keeps its output open.
    leaves) sleep 3 2>/dev/null & echo leaves; exit 0 ;;
    prints*) printf "${user#prints}"; exit 0 ;;
    # Whom it knows by these bytes alone: an accent that stands by itself, and one that is part of its letter.
    "$(printf 'jose\314\201')" | "$(printf 'ren\303\251')") [ "$password" = accents ] && exit 0; exit 1 ;;
    denies) echo alice; exit 1 ;;
    # Says yes only if nobody could see the password, and nothing was passed on.
    clean)
        [ $# = 0 ] && [ "$(env | grep -cvE '^(PATH|PWD|OLDPWD|SHLVL|_)=')" = 0 ] && [ "$PWD" = / ] || exit 9
        # Descriptor 10 is the shell's own, for this file.
        for number in 3 4 5 6 7 8 9 $(seq 11 200); do [ ! -e /proc/$$/fd/$number ] || exit 10; done
        exit 0 ;;
    # Starts a child and never ends; the password names the file for their ids.
    slow)
        sleep 1000 &
        echo "$$ $!" > "$password.new"
        mv "$password.new" "$password"
        wait ;;
esac
exit 1
