/* Writes down every change that a process makes to the files below one folder.
 *
 * Loaded with LD_PRELOAD. Each operation is done and written down under one lock,
 * so the journal has them in the order in which they happened, with their data.
 * `disk.py` makes of it the disk as a loss of power could have left it.
 *
 * MILLPOND_JOURNAL names the journal, MILLPOND_JOURNAL_ROOT the folder. A record is
 * kind (1 byte), two numbers (8 bytes each) and two strings (4 bytes of length each).
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

enum { OPEN = 1, WRITE, TRUNCATE, RENAME, LINK, UNLINK, MKDIR, SYNC, SYNC_FOLDER, MARK };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int journal = -1;
static char root[PATH_MAX];
static size_t root_length;

#define REAL(type, name, ...) static type (*real_##name)(__VA_ARGS__)
REAL(int, openat, int, const char *, int, ...);
REAL(ssize_t, write, int, const void *, size_t);
REAL(ssize_t, pwrite, int, const void *, size_t, off_t);
REAL(ssize_t, writev, int, const struct iovec *, int);
REAL(ssize_t, pwritev, int, const struct iovec *, int, off_t);
REAL(ssize_t, copy_file_range, int, off_t *, int, off_t *, size_t, unsigned);
REAL(ssize_t, sendfile, int, int, off_t *, size_t);
REAL(int, ftruncate, int, off_t);
REAL(int, fallocate, int, int, off_t, off_t);
REAL(int, posix_fallocate, int, off_t, off_t);
REAL(int, renameat2, int, const char *, int, const char *, unsigned);
REAL(int, linkat, int, const char *, int, const char *, int);
REAL(int, unlinkat, int, const char *, int);
REAL(int, mkdirat, int, const char *, mode_t);
REAL(int, fsync, int);
REAL(int, fdatasync, int);

#define FIND(name) *(void **)&real_##name = dlsym(RTLD_NEXT, #name)

__attribute__((constructor)) static void begin(void)
{
    FIND(openat); FIND(write); FIND(pwrite); FIND(writev); FIND(pwritev);
    FIND(copy_file_range); FIND(sendfile); FIND(ftruncate); FIND(fallocate);
    FIND(posix_fallocate); FIND(renameat2); FIND(linkat); FIND(unlinkat); FIND(mkdirat);
    FIND(fsync); FIND(fdatasync);
    const char *folder = getenv("MILLPOND_JOURNAL_ROOT"), *name = getenv("MILLPOND_JOURNAL");
    if (!folder || !name || !realpath(folder, root)) return;
    root_length = strlen(root);
    journal = real_openat(AT_FDCWD, name, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
}

static void note(uint8_t kind, uint64_t a, uint64_t b, const void *one, uint32_t one_length,
                 const void *two, uint32_t two_length)
{
    char head[1 + 8 + 8 + 4 + 4];
    head[0] = (char)kind;
    memcpy(head + 1, &a, 8);
    memcpy(head + 9, &b, 8);
    memcpy(head + 17, &one_length, 4);
    memcpy(head + 21, &two_length, 4);
    struct iovec parts[3] = {{head, sizeof head}, {(void *)one, one_length}, {(void *)two, two_length}};
    if (real_writev(journal, parts, 3) != (ssize_t)(sizeof head + one_length + two_length)) abort();
}

static void note_paths(uint8_t kind, uint64_t a, uint64_t b, const char *one, const char *two)
{
    note(kind, a, b, one, (uint32_t)strlen(one), two, (uint32_t)strlen(two));
}

/* Where a path lies below the root, or NULL where it lies elsewhere. */
static const char *inside(const char *path)
{
    if (strncmp(path, root, root_length)) return NULL;
    if (path[root_length] == 0) return path + root_length;
    return path[root_length] == '/' ? path + root_length + 1 : NULL;
}

static const char *path_of_handle(int handle, char *buffer)
{
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", handle);
    ssize_t length = readlink(link, buffer, PATH_MAX - 1);
    if (length < 0) return NULL;
    buffer[length] = 0;
    return inside(buffer);
}

static const char *path_at(int folder, const char *path, char *buffer)
{
    if (journal < 0) return NULL;
    if (path[0] == '/') {
        snprintf(buffer, PATH_MAX, "%s", path);
    } else {
        if (folder == AT_FDCWD) {
            if (!getcwd(buffer, PATH_MAX)) return NULL;
        } else {
            path_of_handle(folder, buffer);
        }
        size_t length = strlen(buffer);
        snprintf(buffer + length, PATH_MAX - length, "/%s", path);
    }
    size_t length = strlen(buffer);
    while (length > 1 && buffer[length - 1] == '/') buffer[--length] = 0;
    return inside(buffer);
}

/* Whether a handle is of a file below the root; `about` is filled in then. */
static int is_ours(int handle, struct stat *about)
{
    char buffer[PATH_MAX];
    if (journal < 0 || handle == journal || fstat(handle, about) || !S_ISREG(about->st_mode)) return 0;
    return path_of_handle(handle, buffer) != NULL;
}

static uint64_t place(int handle, const struct stat *about)
{
    if (fcntl(handle, F_GETFL) & O_APPEND) return (uint64_t)about->st_size;
    return (uint64_t)lseek(handle, 0, SEEK_CUR);
}

/* What lies in a file, where the data never passed through this process. */
static void note_range(int handle, uint64_t inode, uint64_t from, size_t length)
{
    char path[64], *data = malloc(length);
    snprintf(path, sizeof path, "/proc/self/fd/%d", handle);
    int again = real_openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
    if (!data || again < 0 || pread(again, data, length, (off_t)from) != (ssize_t)length) abort();
    note(WRITE, inode, from, data, (uint32_t)length, "", 0);
    close(again);
    free(data);
}

static void note_vector(uint64_t inode, uint64_t at, const struct iovec *parts, int count, size_t done)
{
    for (int i = 0; i < count && done; i++) {
        size_t length = parts[i].iov_len < done ? parts[i].iov_len : done;
        note(WRITE, inode, at, parts[i].iov_base, (uint32_t)length, "", 0);
        at += length;
        done -= length;
    }
}

static int opened(int folder, const char *path, int flags, mode_t mode)
{
    char buffer[PATH_MAX];
    const char *ours = flags & (O_CREAT | O_TRUNC) ? path_at(folder, path, buffer) : NULL;
    if (!ours) return real_openat(folder, path, flags, mode);
    struct stat about;
    pthread_mutex_lock(&lock);
    int is_new = fstatat(folder, path, &about, 0) != 0;
    int handle = real_openat(folder, path, flags, mode), error = errno;
    if (handle >= 0 && !fstat(handle, &about) && S_ISREG(about.st_mode)) {
        note_paths(OPEN, about.st_ino, (uint64_t)is_new, ours, "");
        if (!is_new && flags & O_TRUNC) note(TRUNCATE, about.st_ino, 0, "", 0, "", 0);
    }
    pthread_mutex_unlock(&lock);
    errno = error;
    return handle;
}

#define MODE(flags) mode_t mode = 0; if ((flags) & (O_CREAT | __O_TMPFILE)) { va_list rest; \
    va_start(rest, flags); mode = va_arg(rest, mode_t); va_end(rest); }

int open(const char *path, int flags, ...) { MODE(flags) return opened(AT_FDCWD, path, flags, mode); }
int open64(const char *path, int flags, ...) { MODE(flags) return opened(AT_FDCWD, path, flags, mode); }
int openat(int folder, const char *path, int flags, ...) { MODE(flags) return opened(folder, path, flags, mode); }
int openat64(int folder, const char *path, int flags, ...) { MODE(flags) return opened(folder, path, flags, mode); }
int creat(const char *path, mode_t mode) { return opened(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode); }

/* Do `call` on the file of `handle`, and `write_down` after it where something was done. */
#define ON_FILE(type, handle, call, write_down) \
    struct stat about; \
    if (!is_ours(handle, &about)) return call; \
    pthread_mutex_lock(&lock); \
    fstat(handle, &about); \
    uint64_t at = place(handle, &about); (void)at; \
    type done = call; int error = errno; \
    write_down; \
    pthread_mutex_unlock(&lock); \
    errno = error; \
    return done;

ssize_t write(int handle, const void *data, size_t length)
{
    ON_FILE(ssize_t, handle, real_write(handle, data, length),
            if (done > 0) note(WRITE, about.st_ino, at, data, (uint32_t)done, "", 0))
}

ssize_t pwrite(int handle, const void *data, size_t length, off_t offset)
{
    ON_FILE(ssize_t, handle, real_pwrite(handle, data, length, offset),
            if (done > 0) note(WRITE, about.st_ino, (uint64_t)offset, data, (uint32_t)done, "", 0))
}
ssize_t pwrite64(int handle, const void *data, size_t length, off_t offset) { return pwrite(handle, data, length, offset); }

ssize_t writev(int handle, const struct iovec *parts, int count)
{
    ON_FILE(ssize_t, handle, real_writev(handle, parts, count),
            if (done > 0) note_vector(about.st_ino, at, parts, count, (size_t)done))
}

ssize_t pwritev(int handle, const struct iovec *parts, int count, off_t offset)
{
    ON_FILE(ssize_t, handle, real_pwritev(handle, parts, count, offset),
            if (done > 0) note_vector(about.st_ino, (uint64_t)offset, parts, count, (size_t)done))
}
ssize_t pwritev64(int handle, const struct iovec *parts, int count, off_t offset) { return pwritev(handle, parts, count, offset); }

ssize_t copy_file_range(int from, off_t *from_at, int handle, off_t *to_at, size_t length, unsigned flags)
{
    off_t before = to_at ? *to_at : -1;
    ON_FILE(ssize_t, handle, real_copy_file_range(from, from_at, handle, to_at, length, flags),
            if (done > 0) note_range(handle, about.st_ino, before < 0 ? at : (uint64_t)before, (size_t)done))
}

ssize_t sendfile(int handle, int from, off_t *offset, size_t length)
{
    ON_FILE(ssize_t, handle, real_sendfile(handle, from, offset, length),
            if (done > 0) note_range(handle, about.st_ino, at, (size_t)done))
}
ssize_t sendfile64(int handle, int from, off_t *offset, size_t length) { return sendfile(handle, from, offset, length); }

int ftruncate(int handle, off_t size)
{
    ON_FILE(int, handle, real_ftruncate(handle, size),
            if (!done) note(TRUNCATE, about.st_ino, (uint64_t)size, "", 0, "", 0))
}
int ftruncate64(int handle, off_t size) { return ftruncate(handle, size); }

int fallocate(int handle, int mode, off_t offset, off_t length)
{
    ON_FILE(int, handle, real_fallocate(handle, mode, offset, length),
            if (!done && !fstat(handle, &about)) note(TRUNCATE, about.st_ino, (uint64_t)about.st_size, "", 0, "", 0))
}
int fallocate64(int handle, int mode, off_t offset, off_t length) { return fallocate(handle, mode, offset, length); }

int posix_fallocate(int handle, off_t offset, off_t length)
{
    ON_FILE(int, handle, real_posix_fallocate(handle, offset, length),
            if (!done && !fstat(handle, &about)) note(TRUNCATE, about.st_ino, (uint64_t)about.st_size, "", 0, "", 0))
}
int posix_fallocate64(int handle, off_t offset, off_t length) { return posix_fallocate(handle, offset, length); }

static int synced(int handle, int (*real)(int))
{
    struct stat about;
    char buffer[PATH_MAX];
    if (journal < 0 || fstat(handle, &about)) return real(handle);
    const char *ours = path_of_handle(handle, buffer);
    if (!ours) return real(handle);
    pthread_mutex_lock(&lock);
    int done = real(handle), error = errno;
    if (!done && S_ISDIR(about.st_mode)) note_paths(SYNC_FOLDER, about.st_ino, 0, ours, "");
    if (!done && S_ISREG(about.st_mode)) note(SYNC, about.st_ino, 0, "", 0, "", 0);
    pthread_mutex_unlock(&lock);
    errno = error;
    return done;
}
int fsync(int handle) { return synced(handle, real_fsync); }
int fdatasync(int handle) { return synced(handle, real_fdatasync); }

/* Do `call` on names, and write it down where it was done and lies below the root. */
#define ON_NAMES(kind, one, two, call) \
    const char *first = one, *second = two; \
    if (!first && !second) return call; \
    pthread_mutex_lock(&lock); \
    int done = call, error = errno; \
    if (!done) note_paths(kind, first != NULL, second != NULL, first ? first : "", second ? second : ""); \
    pthread_mutex_unlock(&lock); \
    errno = error; \
    return done;

int renameat2(int from_folder, const char *from, int to_folder, const char *to, unsigned flags)
{
    char one[PATH_MAX], two[PATH_MAX];
    ON_NAMES(RENAME, path_at(from_folder, from, one), path_at(to_folder, to, two),
             real_renameat2(from_folder, from, to_folder, to, flags))
}
int renameat(int from_folder, const char *from, int to_folder, const char *to) { return renameat2(from_folder, from, to_folder, to, 0); }
int rename(const char *from, const char *to) { return renameat2(AT_FDCWD, from, AT_FDCWD, to, 0); }

int linkat(int from_folder, const char *from, int to_folder, const char *to, int flags)
{
    char one[PATH_MAX], two[PATH_MAX];
    ON_NAMES(LINK, path_at(from_folder, from, one), path_at(to_folder, to, two),
             real_linkat(from_folder, from, to_folder, to, flags))
}
int link(const char *from, const char *to) { return linkat(AT_FDCWD, from, AT_FDCWD, to, 0); }

int unlinkat(int folder, const char *path, int flags)
{
    char one[PATH_MAX];
    ON_NAMES(UNLINK, path_at(folder, path, one), NULL, real_unlinkat(folder, path, flags))
}
int unlink(const char *path) { return unlinkat(AT_FDCWD, path, 0); }
int rmdir(const char *path) { return unlinkat(AT_FDCWD, path, AT_REMOVEDIR); }
int remove(const char *path)
{
    int done = unlinkat(AT_FDCWD, path, 0);
    return done && (errno == EISDIR || errno == EPERM) ? unlinkat(AT_FDCWD, path, AT_REMOVEDIR) : done;
}

int mkdirat(int folder, const char *path, mode_t mode)
{
    char one[PATH_MAX];
    ON_NAMES(MKDIR, path_at(folder, path, one), NULL, real_mkdirat(folder, path, mode))
}
int mkdir(const char *path, mode_t mode) { return mkdirat(AT_FDCWD, path, mode); }

/* Called by the work itself: it has acknowledged something. */
void journal_mark(const char *text)
{
    if (journal < 0) return;
    pthread_mutex_lock(&lock);
    note_paths(MARK, 0, 0, text, "");
    pthread_mutex_unlock(&lock);
}
