/* Calls of the C library that write below a folder: the n-th fails, or kills the process. Preloaded; see injected_faults.py. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

static char folder[PATH_MAX];
static long count, moment;
static int armed, failure, takes_room_only; /* failure: a number of errno; 0 kills */
static int record = -1;                     /* file that lists the calls */

void faults_arm(const char *below, long n, int number, int room, int list)
{
    strncpy(folder, below, sizeof folder - 1);
    record = list;
    count = 0;
    moment = n;
    failure = number;
    takes_room_only = room;
    armed = 1;
}

static int due_(const char *call, const char *path, int takes_room)
{
    if (!armed || !path || strncmp(path, folder, strlen(folder)) != 0 || (takes_room_only && !takes_room))
        return 0;
    long now = __sync_add_and_fetch(&count, 1);
    if (record >= 0)
        dprintf(record, "%s %s\n", call, path);
    if (now < moment || (now > moment && !takes_room_only)) /* a full disk stays full */
        return 0;
    if (failure == 0) {
        kill(getpid(), SIGKILL);
        pause();
    }
    errno = failure;
    return 1;
}

static int due_at_(const char *call, int directory, const char *path, int takes_room)
{
    char link[64], whole[PATH_MAX + NAME_MAX];
    if (!armed || !path || path[0] == '/' || directory == AT_FDCWD)
        return due_(call, path, takes_room);
    snprintf(link, sizeof link, "/proc/self/fd/%d", directory);
    ssize_t n = readlink(link, whole, PATH_MAX - 1);
    if (n < 0)
        return 0;
    snprintf(whole + n, sizeof whole - n, "/%s", path);
    return due_(call, whole, takes_room);
}

static int due_fd_(const char *call, int fd, int takes_room)
{
    char link[64], path[PATH_MAX] = "";
    if (!armed)
        return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    return readlink(link, path, sizeof path - 1) > 0 && due_(call, path, takes_room);
}

#define due(path, room) due_(__func__, path, room)
#define due_at(at, path, room) due_at_(__func__, at, path, room)
#define due_fd(fd, room) due_fd_(__func__, fd, room)
#define NEXT(name) __typeof__(name) *next = (__typeof__(name) *)dlsym(RTLD_NEXT, #name)
#define WRITES(flags) (((flags) & O_ACCMODE) != O_RDONLY)
#define MODE(flags, mode) \
    mode_t mode = 0; \
    if ((flags) & (O_CREAT | O_TMPFILE)) { va_list list; va_start(list, flags); mode = va_arg(list, mode_t); va_end(list); }

int open(const char *path, int flags, ...)
{
    MODE(flags, mode) NEXT(open);
    return WRITES(flags) && due(path, 1) ? -1 : next(path, flags, mode);
}
int open64(const char *path, int flags, ...)
{
    MODE(flags, mode) NEXT(open64);
    return WRITES(flags) && due(path, 1) ? -1 : next(path, flags, mode);
}
int openat(int at, const char *path, int flags, ...)
{
    MODE(flags, mode) NEXT(openat);
    return WRITES(flags) && due_at(at, path, 1) ? -1 : next(at, path, flags, mode);
}
FILE *fopen(const char *path, const char *mode)
{
    NEXT(fopen);
    return mode[0] != 'r' && due(path, 1) ? NULL : next(path, mode);
}
ssize_t write(int fd, const void *data, size_t n) { NEXT(write); return due_fd(fd, 1) ? -1 : next(fd, data, n); }
ssize_t pwrite(int fd, const void *data, size_t n, off_t at) { NEXT(pwrite); return due_fd(fd, 1) ? -1 : next(fd, data, n, at); }
ssize_t writev(int fd, const struct iovec *v, int n) { NEXT(writev); return due_fd(fd, 1) ? -1 : next(fd, v, n); }
size_t fwrite(const void *data, size_t size, size_t n, FILE *file)
{
    NEXT(fwrite);
    return due_fd(fileno(file), 1) ? 0 : next(data, size, n, file);
}
ssize_t sendfile(int out, int in, off_t *at, size_t n)
{
    ssize_t (*next)(int, int, off_t *, size_t) = (ssize_t(*)(int, int, off_t *, size_t))dlsym(RTLD_NEXT, "sendfile");
    return due_fd(out, 1) ? -1 : next(out, in, at, n);
}
ssize_t copy_file_range(int in, off64_t *from, int out, off64_t *to, size_t n, unsigned flags)
{
    NEXT(copy_file_range);
    return due_fd(out, 1) ? -1 : next(in, from, out, to, n, flags);
}
int fsync(int fd) { NEXT(fsync); return due_fd(fd, 1) ? -1 : next(fd); }
int fdatasync(int fd) { NEXT(fdatasync); return due_fd(fd, 1) ? -1 : next(fd); }
int close(int fd)
{
    NEXT(close);
    int flags = armed ? fcntl(fd, F_GETFL) : 0, wrong = flags > 0 && WRITES(flags) && due_fd(fd, 1), number = errno;
    int status = next(fd);
    errno = number;
    return wrong ? -1 : status;
}
int rename(const char *from, const char *to) { NEXT(rename); return due(to, 0) ? -1 : next(from, to); }
int renameat(int a, const char *from, int b, const char *to)
{
    NEXT(renameat);
    return due_at(b, to, 0) ? -1 : next(a, from, b, to);
}
int link(const char *from, const char *to) { NEXT(link); return due(to, 1) ? -1 : next(from, to); }
int linkat(int a, const char *from, int b, const char *to, int flags)
{
    NEXT(linkat);
    return due_at(b, to, 1) ? -1 : next(a, from, b, to, flags);
}
int unlink(const char *path) { NEXT(unlink); return due(path, 0) ? -1 : next(path); }
int unlinkat(int at, const char *path, int flags) { NEXT(unlinkat); return due_at(at, path, 0) ? -1 : next(at, path, flags); }
int mkdir(const char *path, mode_t mode) { NEXT(mkdir); return due(path, 1) ? -1 : next(path, mode); }
int mkdirat(int at, const char *path, mode_t mode) { NEXT(mkdirat); return due_at(at, path, 1) ? -1 : next(at, path, mode); }
int rmdir(const char *path) { NEXT(rmdir); return due(path, 0) ? -1 : next(path); }
