/* Makes every fsync take longer by MILLPOND_FSYNC_MS milliseconds, as a slow disk would. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <time.h>

static void pause_as_told(void) {
    const char *told = getenv("MILLPOND_FSYNC_MS");
    long milliseconds = told ? atol(told) : 0;
    struct timespec left = {milliseconds / 1000, milliseconds % 1000 * 1000000L};
    while (nanosleep(&left, &left)) {
    }
}

int fsync(int file) {
    static int (*real)(int);
    if (!real) real = dlsym(RTLD_NEXT, "fsync");
    pause_as_told();
    return real(file);
}

int fdatasync(int file) {
    static int (*real)(int);
    if (!real) real = dlsym(RTLD_NEXT, "fdatasync");
    pause_as_told();
    return real(file);
}
