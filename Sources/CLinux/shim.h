#pragma once
// Linux calls that the Glibc module does not show to Swift.
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/rtnetlink.h>
#include <linux/seccomp.h>
#include <spawn.h>
#include <sys/epoll.h>
#include <sys/pidfd.h>
#include <sys/syscall.h>

// What seccomp calls the processor that this is compiled for.
#if defined(__x86_64__)
static const unsigned int native_audit_arch = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
static const unsigned int native_audit_arch = AUDIT_ARCH_AARCH64;
#endif

int memfd_create(const char *name, unsigned int flags);
int setns(int descriptor, int kind);
int pipe2(int ends[2], int flags);
int posix_spawn_file_actions_addclosefrom_np(posix_spawn_file_actions_t *actions, int from);
int posix_spawn_file_actions_addchdir_np(posix_spawn_file_actions_t *actions, const char *path);
