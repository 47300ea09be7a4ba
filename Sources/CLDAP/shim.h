#pragma once
#include <ldap.h>
#include <openldap.h>

// A macro that Swift can't read.
static const int CLDAP_TLS1_2 = LDAP_OPT_X_TLS_PROTOCOL_TLS1_2;

// LDAP_OPT_ON and LDAP_OPT_OFF are casts, which Swift does not see.
static inline int cldap_set_flag(LDAP *handle, int option, int on) {
    return ldap_set_option(handle, option, on ? LDAP_OPT_ON : LDAP_OPT_OFF);
}
