/*
 * What a power cut leaves behind. Preloaded into the server, this keeps beside every file under UNSYNCED_DATA an image under
 * UNSYNCED_SHADOW that changes only when the file is synced: after a kill the shadow is the disk without any write that
 * was not synced. It models a journaling file system: creating, renaming and removing become durable with the next sync
 * of anything in the directory tree; content and length of a file with its own sync. Files ending in -shm are never durable
 * (SQLite rebuilds them). While UNSYNCED_DATA.nosync exists, syncs succeed and do nothing: the disk that lies, with
 * which the drill proves that it can fail. While UNSYNCED_DATA.hold exists, syncs of a database's write-ahead log do not
 * begin: whoever commits there waits.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

#define MAX_RANGES 512

struct range { off_t from, to; };

/* One file that is tracked, by inode: several descriptors may write to it and any may sync it. */
struct file {
    dev_t dev;
    ino_t ino;
    char name[PATH_MAX]; /* relative to the data directory */
    struct range dirty[MAX_RANGES];
    int ranges;
    int whole; /* everything is dirty: too many ranges, or something not tracked by range */
    struct file *next;
};

/* A change to names that is not durable yet. An empty target means removal. */
struct change { char from[PATH_MAX], to[PATH_MAX]; struct change *next; };

static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
static struct file *files;
static struct change *changes, **last_change = &changes;
static char data[PATH_MAX], shadow[PATH_MAX], lies[PATH_MAX + 8], holds[PATH_MAX + 8];
static size_t data_length;

#define REAL(type, name, ...) \
    static type (*real)(__VA_ARGS__); \
    if (!real) real = (type (*)(__VA_ARGS__))dlsym(RTLD_NEXT, name)

static int real_open(const char *path, int flags, mode_t mode)
{
    REAL(int, "open64", const char *, int, ...);
    return real(path, flags, mode);
}

static ssize_t real_pwrite(int fd, const void *bytes, size_t count, off_t at)
{
    REAL(ssize_t, "pwrite64", int, const void *, size_t, off_t);
    return real(fd, bytes, count, at);
}

static int real_truncate(int fd, off_t length)
{
    REAL(int, "ftruncate64", int, off_t);
    return real(fd, length);
}

static int real_rename(const char *from, const char *to)
{
    REAL(int, "rename", const char *, const char *);
    return real(from, to);
}

static int real_unlink(const char *path)
{
    REAL(int, "unlink", const char *);
    return real(path);
}

__attribute__((constructor)) static void prepare(void)
{
    const char *from = getenv("UNSYNCED_DATA"), *to = getenv("UNSYNCED_SHADOW");
    if (from && to && realpath(from, data) && realpath(to, shadow)) {
        data_length = strlen(data);
        snprintf(lies, sizeof lies, "%s.nosync", data);
        snprintf(holds, sizeof holds, "%s.hold", data);
    }
}

/* The name below the data directory, or NULL when the path is not there. */
static const char *below(const char *path)
{
    if (!data_length || strncmp(path, data, data_length) != 0 || path[data_length] != '/') return NULL;
    return path + data_length + 1;
}

static int forgettable(const char *name)
{
    size_t length = strlen(name);
    return length >= 4 && strcmp(name + length - 4, "-shm") == 0;
}

static void image(const char *name, char *path)
{
    if (snprintf(path, PATH_MAX, "%s/%s", shadow, name) >= PATH_MAX) abort();
    for (char *slash = path + strlen(shadow) + 1; (slash = strchr(slash, '/')); slash++) {
        *slash = 0;
        mkdir(path, 0700);
        *slash = '/';
    }
}

static struct file *find(int fd)
{
    struct stat st;
    if (!data_length || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) return NULL;
    for (struct file *file = files; file; file = file->next)
        if (file->ino == st.st_ino && file->dev == st.st_dev) return file;
    return NULL;
}

static void opened(int fd, int flags)
{
    char link[64], path[PATH_MAX];
    if (!data_length || fd < 0) return;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length <= 0) return;
    path[length] = 0;
    const char *name = below(path);
    struct stat st;
    if (!name || forgettable(name) || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) return;
    pthread_mutex_lock(&gate);
    struct file *file = find(fd);
    if (!file) {
        file = calloc(1, sizeof *file);
        if (!file) abort();
        file->dev = st.st_dev;
        file->ino = st.st_ino;
        strcpy(file->name, name);
        /* What was there before this process is durable, or the drill put it there; what is new is not. */
        char old[PATH_MAX];
        image(name, old);
        file->whole = access(old, F_OK) != 0;
        file->next = files;
        files = file;
    }
    if (flags & O_TRUNC) file->whole = 1;
    pthread_mutex_unlock(&gate);
}

static void wrote(int fd, off_t from, ssize_t count)
{
    if (count <= 0) return;
    int error = errno;
    pthread_mutex_lock(&gate);
    struct file *file = find(fd);
    if (file && !file->whole) {
        struct range *last = file->ranges ? &file->dirty[file->ranges - 1] : NULL;
        if (from < 0 || (file->ranges == MAX_RANGES && !(last->to == from))) file->whole = 1;
        else if (last && last->to == from) last->to = from + count;
        else file->dirty[file->ranges++] = (struct range){ from, from + count };
    }
    pthread_mutex_unlock(&gate);
    errno = error;
}

static void copy(int from, int to, off_t at, off_t end)
{
    static char bytes[1 << 16];
    while (at < end) {
        size_t want = end - at < (off_t)sizeof bytes ? (size_t)(end - at) : sizeof bytes;
        ssize_t got = pread(from, bytes, want, at);
        if (got <= 0) return;
        if (real_pwrite(to, bytes, got, at) != got) abort();
        at += got;
    }
}

static void settle_names(void)
{
    char from[PATH_MAX], to[PATH_MAX];
    while (changes) {
        struct change *change = changes;
        changes = change->next;
        image(change->from, from);
        if (*change->to) {
            image(change->to, to);
            real_rename(from, to);
        } else {
            real_unlink(from);
        }
        free(change);
    }
    last_change = &changes;
}

static void synced(int fd)
{
    struct stat st;
    char path[PATH_MAX], link[64];
    if (!data_length || access(lies, F_OK) == 0) return;
    int error = errno;
    pthread_mutex_lock(&gate);
    struct file *file = find(fd);
    if (file && fstat(fd, &st) == 0) {
        settle_names();
        image(file->name, path);
        int to = real_open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        /* Another descriptor only where this one cannot read: closing it gives up the process's locks on the file. */
        int from = fd;
        if ((fcntl(fd, F_GETFL) & O_ACCMODE) == O_WRONLY) {
            snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
            from = real_open(link, O_RDONLY | O_CLOEXEC, 0);
        }
        if (to < 0 || from < 0) abort();
        if (file->whole) copy(from, to, 0, st.st_size);
        else for (int i = 0; i < file->ranges; i++) copy(from, to, file->dirty[i].from, file->dirty[i].to);
        if (real_truncate(to, st.st_size) != 0) abort();
        if (from != fd) close(from);
        close(to);
        file->ranges = file->whole = 0;
    } else if (fstat(fd, &st) == 0 && S_ISDIR(st.st_mode)) {
        settle_names();
    }
    pthread_mutex_unlock(&gate);
    errno = error;
}

/* Waits while the log of a database is held up. */
static void held(int fd)
{
    static const char suffix[] = "-wal";
    int log = 0;
    if (!data_length) return;
    pthread_mutex_lock(&gate);
    struct file *file = find(fd);
    if (file) {
        size_t length = strlen(file->name);
        log = length >= sizeof suffix - 1 && strcmp(file->name + length - (sizeof suffix - 1), suffix) == 0;
    }
    pthread_mutex_unlock(&gate);
    while (log && access(holds, F_OK) == 0) usleep(2000);
}

static void moved(const char *from, const char *to)
{
    char here[PATH_MAX], there[PATH_MAX];
    const char *name, *target = NULL;
    /* The names were right a moment ago, when the real call succeeded; only the directories can still be resolved. */
    const char *slash = strrchr(from, '/');
    char directory[PATH_MAX];
    snprintf(directory, sizeof directory, "%.*s", slash ? (int)(slash - from) : 1, slash ? from : ".");
    if (!data_length || !realpath(directory, here)) return;
    strncat(here, "/", PATH_MAX - strlen(here) - 1);
    strncat(here, slash ? slash + 1 : from, PATH_MAX - strlen(here) - 1);
    name = below(here);
    if (to && realpath(to, there)) target = below(there);
    if (!name && !target) return;
    pthread_mutex_lock(&gate);
    struct change *change = calloc(1, sizeof *change);
    if (!change) abort();
    if (name) strcpy(change->from, name);
    if (target) strcpy(change->to, target);
    *last_change = change;
    last_change = &change->next;
    for (struct file **at = &files; *at;) {
        struct file *file = *at;
        int gone = target ? strcmp(file->name, target) == 0 : name && strcmp(file->name, name) == 0;
        if (gone) {
            *at = file->next;
            free(file);
            continue;
        }
        if (target && name && strcmp(file->name, name) == 0) strcpy(file->name, target);
        at = &file->next;
    }
    pthread_mutex_unlock(&gate);
}

/* ---- what is interposed ---- */

int open(const char *path, int flags, ...)
{
    mode_t mode = 0;
    if (flags & (O_CREAT | O_TMPFILE)) { va_list list; va_start(list, flags); mode = va_arg(list, mode_t); va_end(list); }
    int fd = real_open(path, flags, mode);
    opened(fd, flags);
    return fd;
}

int open64(const char *path, int flags, ...)
{
    mode_t mode = 0;
    if (flags & (O_CREAT | O_TMPFILE)) { va_list list; va_start(list, flags); mode = va_arg(list, mode_t); va_end(list); }
    int fd = real_open(path, flags, mode);
    opened(fd, flags);
    return fd;
}

static int open_at(int directory, const char *path, int flags, mode_t mode)
{
    REAL(int, "openat64", int, const char *, int, ...);
    int fd = real(directory, path, flags, mode);
    opened(fd, flags);
    return fd;
}

int openat(int directory, const char *path, int flags, ...)
{
    mode_t mode = 0;
    if (flags & (O_CREAT | O_TMPFILE)) { va_list list; va_start(list, flags); mode = va_arg(list, mode_t); va_end(list); }
    return open_at(directory, path, flags, mode);
}

int openat64(int directory, const char *path, int flags, ...)
{
    mode_t mode = 0;
    if (flags & (O_CREAT | O_TMPFILE)) { va_list list; va_start(list, flags); mode = va_arg(list, mode_t); va_end(list); }
    return open_at(directory, path, flags, mode);
}

ssize_t write(int fd, const void *bytes, size_t count)
{
    REAL(ssize_t, "write", int, const void *, size_t);
    ssize_t done = real(fd, bytes, count);
    if (data_length && done > 0) wrote(fd, lseek(fd, 0, SEEK_CUR) - done, done);
    return done;
}

ssize_t writev(int fd, const struct iovec *parts, int count)
{
    REAL(ssize_t, "writev", int, const struct iovec *, int);
    ssize_t done = real(fd, parts, count);
    if (data_length && done > 0) wrote(fd, lseek(fd, 0, SEEK_CUR) - done, done);
    return done;
}

ssize_t pwrite(int fd, const void *bytes, size_t count, off_t at)
{
    ssize_t done = real_pwrite(fd, bytes, count, at);
    wrote(fd, at, done);
    return done;
}

ssize_t pwrite64(int fd, const void *bytes, size_t count, off64_t at)
{
    ssize_t done = real_pwrite(fd, bytes, count, at);
    wrote(fd, at, done);
    return done;
}

ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t at)
{
    REAL(ssize_t, "pwritev", int, const struct iovec *, int, off_t);
    ssize_t done = real(fd, parts, count, at);
    wrote(fd, at, done);
    return done;
}

ssize_t pwritev64(int fd, const struct iovec *parts, int count, off64_t at)
{
    REAL(ssize_t, "pwritev64", int, const struct iovec *, int, off64_t);
    ssize_t done = real(fd, parts, count, at);
    wrote(fd, at, done);
    return done;
}

int ftruncate(int fd, off_t length)
{
    int result = real_truncate(fd, length);
    if (result == 0) wrote(fd, -1, 1);
    return result;
}

int ftruncate64(int fd, off64_t length)
{
    int result = real_truncate(fd, length);
    if (result == 0) wrote(fd, -1, 1);
    return result;
}

int fallocate(int fd, int mode, off_t from, off_t length)
{
    REAL(int, "fallocate", int, int, off_t, off_t);
    int result = real(fd, mode, from, length);
    if (result == 0) wrote(fd, -1, 1);
    return result;
}

int posix_fallocate64(int fd, off64_t from, off64_t length)
{
    REAL(int, "posix_fallocate64", int, off64_t, off64_t);
    int result = real(fd, from, length);
    if (result == 0) wrote(fd, -1, 1);
    return result;
}

int fsync(int fd)
{
    REAL(int, "fsync", int);
    held(fd);
    int result = real(fd);
    if (result == 0) synced(fd);
    return result;
}

int fdatasync(int fd)
{
    REAL(int, "fdatasync", int);
    held(fd);
    int result = real(fd);
    if (result == 0) synced(fd);
    return result;
}

int rename(const char *from, const char *to)
{
    int result = real_rename(from, to);
    if (result == 0) moved(from, to);
    return result;
}

int unlink(const char *path)
{
    int result = real_unlink(path);
    if (result == 0) moved(path, NULL);
    return result;
}
