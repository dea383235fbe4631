/* A disk that keeps a record of what is written, and that can be full.
 *
 * Preloaded into a process, it sees every system call that changes files below DISK_FOLDER, whoever makes it: a seccomp
 * filter turns those calls into a signal, whose handler makes the call itself and writes down what was done in
 * DISK_TRACE. The first eight bytes of DISK_ROOM are how many bytes files may still grow; negative is without end.
 *
 * A record of the trace: kind (1 byte), length of the path (2), of the data (8), offset (8), path, data; little endian.
 *   c created    d folder made    w written    t cut or grown to `offset`    u deleted
 *   r renamed, the new path is the data        s synced    S folder synced
 * Calls are made one at a time, so the order of the trace is what happened. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#ifndef __x86_64__
#error "written for x86_64"
#endif

#define PATH_BYTES 512

/* The only place whose calls the filter lets through. */
__attribute__((section("gates"), noinline, used)) static long gate(long nr, long a, long b, long c, long d, long e, long f) {
    long result;
    register long r10 __asm__("r10") = d;
    register long r8 __asm__("r8") = e;
    register long r9 __asm__("r9") = f;
    __asm__ volatile("syscall" : "=a"(result) : "a"(nr), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9) : "rcx", "r11", "memory");
    return result;
}

extern char __start_gates[], __stop_gates[];

static char folder[PATH_BYTES];
static size_t folder_bytes;
static int trace = -1;
static volatile int64_t *room;
static int busy;

static void lock(void) {
    while (__atomic_exchange_n(&busy, 1, __ATOMIC_ACQUIRE)) {
        struct timespec pause = {0, 50000};
        gate(SYS_nanosleep, (long)&pause, 0, 0, 0, 0, 0);
    }
}

static void unlock(void) { __atomic_store_n(&busy, 0, __ATOMIC_RELEASE); }

static int is_below(const char *path) {
    return strncmp(path, folder, folder_bytes) == 0 && (path[folder_bytes] == '/' || path[folder_bytes] == 0);
}

/* The path of an open file below the folder; 0 for any other. */
static int path_of(long fd, char *path) {
    char link[32] = "/proc/self/fd/";
    char digits[16];
    int n = 0, at = 14;
    if (fd < 0) return 0;
    do {
        digits[n++] = (char)('0' + fd % 10);
        fd /= 10;
    } while (fd);
    while (n) link[at++] = digits[--n];
    link[at] = 0;
    long bytes = gate(SYS_readlink, (long)link, (long)path, PATH_BYTES - 1, 0, 0, 0);
    if (bytes <= 0) return 0;
    path[bytes] = 0;
    return is_below(path);
}

static void note(char kind, const char *path, uint64_t offset, const void *data, uint64_t bytes) {
    unsigned char head[19];
    uint16_t length = (uint16_t)strlen(path);
    head[0] = (unsigned char)kind;
    memcpy(head + 1, &length, 2);
    memcpy(head + 3, &bytes, 8);
    memcpy(head + 11, &offset, 8);
    struct iovec parts[3] = {{head, 19}, {(void *)path, length}, {(void *)data, bytes}};
    gate(SYS_writev, trace, (long)parts, 3, 0, 0, 0);
}

static int64_t size_of(long fd) {
    struct stat data;
    return gate(SYS_fstat, fd, (long)&data, 0, 0, 0, 0) < 0 ? 0 : data.st_size;
}

/* One stretch of bytes; offset -1 is where the file stands. */
static long write_at(long fd, const char *path, const void *data, int64_t bytes, int64_t offset) {
    int64_t size = size_of(fd), at = offset;
    if (at < 0) {
        long flags = gate(SYS_fcntl, fd, F_GETFL, 0, 0, 0, 0);
        at = flags & O_APPEND ? size : gate(SYS_lseek, fd, 0, SEEK_CUR, 0, 0, 0);
    }
    int64_t growth = at + bytes > size ? at + bytes - size : 0;
    if (*room >= 0 && growth > *room) {
        bytes -= growth - *room;
        growth = *room;
        if (bytes <= 0) return -ENOSPC;
    }
    long done = offset < 0 ? gate(SYS_write, fd, (long)data, bytes, 0, 0, 0)
                           : gate(SYS_pwrite64, fd, (long)data, bytes, offset, 0, 0);
    if (done > 0) {
        if (*room >= 0) *room -= growth;
        note('w', path, (uint64_t)at, data, (uint64_t)done);
    }
    return done;
}

static long write_all(long fd, const char *path, const struct iovec *parts, long count, int64_t offset) {
    long total = 0;
    for (long n = 0; n < count; n++) {
        if (parts[n].iov_len == 0) continue;
        long done = write_at(fd, path, parts[n].iov_base, (int64_t)parts[n].iov_len, offset < 0 ? -1 : offset + total);
        if (done < 0) return total ? total : done;
        total += done;
        if ((size_t)done < parts[n].iov_len) break;
    }
    return total;
}

static long resize(long fd, const char *path, int64_t to) {
    int64_t growth = to - size_of(fd);
    if (*room >= 0 && growth > *room) return -ENOSPC;
    long done = gate(SYS_ftruncate, fd, to, 0, 0, 0, 0);
    if (done == 0) {
        if (*room >= 0) *room -= growth;
        note('t', path, (uint64_t)to, 0, 0);
    }
    return done;
}

static long open_file(long at, long name, long flags, long mode) {
    char path[PATH_BYTES];
    if (!(flags & O_CREAT)) {
        long fd = gate(SYS_openat, at, name, flags, mode, 0, 0);
        if (fd >= 0 && flags & O_TRUNC && path_of(fd, path)) note('t', path, 0, 0, 0);
        return fd;
    }
    long fd = gate(SYS_openat, at, name, flags | O_EXCL, mode, 0, 0);
    if (fd >= 0) {
        if (path_of(fd, path)) note('c', path, 0, 0, 0);
        return fd;
    }
    if (fd != -EEXIST || flags & O_EXCL) return fd;
    return open_file(at, name, flags & ~O_CREAT, mode);
}

static long delete_file(long nr, long a, long b, long c, const char *path) {
    struct stat data;
    int is_known = gate(SYS_stat, (long)path, (long)&data, 0, 0, 0, 0) == 0;
    long done = gate(nr, a, b, c, 0, 0, 0);
    if (done == 0 && is_below(path)) {
        if (is_known && *room >= 0) *room += data.st_size;
        note('u', path, 0, 0, 0);
    }
    return done;
}

static long sync_file(long nr, long fd, const char *path) {
    long done = gate(nr, fd, 0, 0, 0, 0, 0);
    struct stat data;
    if (done == 0 && gate(SYS_fstat, fd, (long)&data, 0, 0, 0, 0) == 0) note(S_ISDIR(data.st_mode) ? 'S' : 's', path, 0, 0, 0);
    return done;
}

static long handle(long nr, long a, long b, long c, long d, long e, long f) {
    char path[PATH_BYTES];
    switch (nr) {
    case SYS_write: {
        struct iovec one = {(void *)b, (size_t)c};
        if (path_of(a, path)) return write_all(a, path, &one, 1, -1);
        break;
    }
    case SYS_pwrite64: {
        struct iovec one = {(void *)b, (size_t)c};
        if (path_of(a, path)) return write_all(a, path, &one, 1, d);
        break;
    }
    case SYS_writev:
        if (path_of(a, path)) return write_all(a, path, (const struct iovec *)b, c, -1);
        break;
    case SYS_pwritev:
    case SYS_pwritev2:
        if (path_of(a, path)) return write_all(a, path, (const struct iovec *)b, c, d);
        break;
    case SYS_ftruncate:
        if (path_of(a, path)) return resize(a, path, b);
        break;
    case SYS_fallocate:
        if (path_of(a, path)) return b == 0 && c + d > size_of(a) ? resize(a, path, c + d) : b == 0 ? 0 : -EOPNOTSUPP;
        break;
    case SYS_open:
        return open_file(AT_FDCWD, a, b, c);
    case SYS_openat:
        return open_file(a, b, c, d);
    case SYS_unlink:
        return delete_file(nr, a, b, c, (const char *)a);
    case SYS_unlinkat:
        return delete_file(nr, a, b, c, (const char *)b);
    case SYS_mkdir:
    case SYS_mkdirat: {
        const char *name = (const char *)(nr == SYS_mkdir ? a : b);
        long done = gate(nr, a, b, c, 0, 0, 0);
        if (done == 0 && is_below(name)) note('d', name, 0, 0, 0);
        return done;
    }
    case SYS_rename:
    case SYS_renameat:
    case SYS_renameat2: {
        const char *from = (const char *)(nr == SYS_rename ? a : b), *to = (const char *)(nr == SYS_rename ? b : d);
        long done = gate(nr, a, b, c, d, e, f);
        if (done == 0 && is_below(to)) note('r', from, 0, to, strlen(to));
        return done;
    }
    case SYS_fsync:
    case SYS_fdatasync:
        if (path_of(a, path)) return sync_file(nr, a, path);
        break;
    }
    return gate(nr, a, b, c, d, e, f);
}

/* Whether a call can be about a file below the folder: all others need not wait for one another. */
static int concerns(long nr, long a) {
    char path[PATH_BYTES];
    switch (nr) {
    case SYS_write: case SYS_pwrite64: case SYS_writev: case SYS_pwritev: case SYS_pwritev2:
    case SYS_ftruncate: case SYS_fallocate: case SYS_fsync: case SYS_fdatasync:
        return path_of(a, path);
    default:
        return 1;
    }
}

static void on_call(int number, siginfo_t *info, void *context) {
    greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;
    long nr = info->si_syscall;
    long a = registers[REG_RDI], b = registers[REG_RSI], c = registers[REG_RDX];
    long d = registers[REG_R10], e = registers[REG_R8], f = registers[REG_R9];
    (void)number;
    if (concerns(nr, a)) {
        lock();
        registers[REG_RAX] = handle(nr, a, b, c, d, e, f);
        unlock();
    } else {
        registers[REG_RAX] = gate(nr, a, b, c, d, e, f);
    }
}

__attribute__((constructor)) static void begin(void) {
    static const int calls[] = {SYS_write, SYS_pwrite64, SYS_writev, SYS_pwritev, SYS_pwritev2, SYS_ftruncate,
        SYS_fallocate, SYS_open, SYS_openat, SYS_unlink, SYS_unlinkat, SYS_mkdir, SYS_mkdirat, SYS_rename, SYS_renameat,
        SYS_renameat2, SYS_fsync, SYS_fdatasync};
    enum { COUNT = sizeof calls / sizeof *calls };
    const char *where = getenv("DISK_FOLDER"), *into = getenv("DISK_TRACE"), *limit = getenv("DISK_ROOM");
    if (!where || !into || !limit || strlen(where) >= PATH_BYTES) _exit(97);
    strcpy(folder, where);
    folder_bytes = strlen(folder);
    long opened = gate(SYS_open, (long)into, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600, 0, 0, 0);
    trace = (int)gate(SYS_fcntl, opened, F_DUPFD_CLOEXEC, 700, 0, 0, 0);
    int fd = open(limit, O_RDWR | O_CLOEXEC);
    void *page = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (trace < 0 || fd < 0 || page == MAP_FAILED) _exit(98);
    room = page;

    struct sigaction action = {0};
    action.sa_sigaction = on_call;
    action.sa_flags = SA_SIGINFO | SA_NODEFER | SA_RESTART;
    sigaction(SIGSYS, &action, 0);

    uint64_t from = (uint64_t)__start_gates, to = (uint64_t)__stop_gates;
    struct sock_filter filter[COUNT + 16];
    int n = 0;
    filter[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
    for (int at = 0; at < COUNT; at++) {
        /* On to the question of where the call comes from, past the other numbers and the end for none of them. */
        filter[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)calls[at], (uint8_t)(COUNT - at), 0);
    }
    filter[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    filter[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, instruction_pointer) + 4);
    filter[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)(from >> 32), 0, 4);
    filter[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, instruction_pointer));
    filter[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, (uint32_t)from, 0, 2);
    filter[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, (uint32_t)to, 1, 0);
    filter[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    filter[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP);
    struct sock_fprog program = {(unsigned short)n, filter};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program)) _exit(99);
}
