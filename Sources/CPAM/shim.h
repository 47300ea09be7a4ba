#pragma once
#include <security/pam_appl.h>

static void cpam_no_delay(int status, unsigned int microseconds, void *data) {
    (void)status;
    (void)microseconds;
    (void)data;
}

// A function as an item can't be written in Swift.
static inline int cpam_set_no_delay(pam_handle_t *handle) {
    return pam_set_item(handle, PAM_FAIL_DELAY, (const void *)cpam_no_delay);
}
