#pragma once
// Linux calls that the Glibc module does not show to Swift.
#include <linux/rtnetlink.h>
#include <spawn.h>
#include <sys/epoll.h>
#include <sys/pidfd.h>

int memfd_create(const char *name, unsigned int flags);
int setns(int descriptor, int kind);
int pipe2(int ends[2], int flags);
int posix_spawn_file_actions_addclosefrom_np(posix_spawn_file_actions_t *actions, int from);
int posix_spawn_file_actions_addchdir_np(posix_spawn_file_actions_t *actions, const char *path);
