// Gives one program a wrong time of day (LD_PRELOAD; seconds in WALL_CLOCK_OFF), as on a host whose clock was set wrong: how long the
// kernel has run goes on as before, and so do timers. libfaketime moves timers with the clock (timerfd_settime), so that they never end.
#define _GNU_SOURCE
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

int clock_gettime(clockid_t clock, struct timespec *at)
{
    int answer = syscall(SYS_clock_gettime, clock, at);
    const char *off = getenv("WALL_CLOCK_OFF");
    if (answer == 0 && off != NULL && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) at->tv_sec += atol(off);
    return answer;
}

int gettimeofday(struct timeval *at, void *zone)
{
    struct timespec now;
    (void)zone;
    clock_gettime(CLOCK_REALTIME, &now);
    at->tv_sec = now.tv_sec;
    at->tv_usec = now.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *at)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (at != NULL) *at = now.tv_sec;
    return now.tv_sec;
}
