/* Says where it is: as addresses of a backtrace ("trace"), or as what a crash leaves behind ("crash FILE"). */
#define _GNU_SOURCE
#include <execinfo.h>
#include <link.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>

static uintptr_t base, end;
static char *top;
static const char *file;
static int tracing;

static int find_image(struct dl_phdr_info *info, size_t size, void *data) {
    (void)size, (void)data;
    base = info->dlpi_addr;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        uintptr_t last = base + info->dlpi_phdr[i].p_vaddr + info->dlpi_phdr[i].p_memsz;
        if (info->dlpi_phdr[i].p_type == PT_LOAD && last > end) end = last;
    }
    return 1; /* The program itself comes first. */
}

__attribute__((noinline)) void note(void) {
    void *addresses[64];
    int count = backtrace(addresses, 64);
    printf("image %lx %lx\n", (long)base, (long)(end - base));
    for (int i = 0; i < count; i++) printf("frame %lx\n", (long)addresses[i]);
}

static inline __attribute__((always_inline)) void store(volatile int *place, int amount) {
    if (tracing) note(); /* noted here */
    *place = amount;     /* stored here */
}

static inline __attribute__((always_inline)) void charge(volatile int *place, int amount) {
    store(place, amount); /* charged here */
}

__attribute__((noinline)) void pay(volatile int *place, int amount) {
    charge(place, amount); /* paid here */
}

__attribute__((noinline)) int checkout(volatile int *place, int count) {
    volatile int basket[32]; /* The stack between two frames is not all return addresses. */
    memset((void *)basket, 0, sizeof basket);
    for (int i = 0; i < count; i++) pay(place, basket[i] + i); /* checked out here */
    return basket[3];
}

#ifdef __x86_64__
static void on_crash(int signal, siginfo_t *info, void *context) {
    greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;
    static const struct { const char *name; int number; } names[] = {
        {"rip", REG_RIP}, {"rsp", REG_RSP}, {"rax", REG_RAX}, {"rbx", REG_RBX}, {"rcx", REG_RCX}, {"rdx", REG_RDX},
        {"rsi", REG_RSI}, {"rdi", REG_RDI}, {"rbp", REG_RBP}, {"r8", REG_R8},   {"r9", REG_R9},   {"r10", REG_R10},
        {"r11", REG_R11}, {"r12", REG_R12}, {"r13", REG_R13}, {"r14", REG_R14}, {"r15", REG_R15},
    };
    printf("image %lx %lx\nsignal %x %x %lx\n", (long)base, (long)(end - base), signal, info->si_code, (long)info->si_addr);
    for (unsigned i = 0; i < sizeof names / sizeof *names; i++)
        printf("register %s %llx\n", names[i].name, registers[names[i].number]);
    FILE *out = fopen(file, "wb");
    char *stack = (char *)registers[REG_RSP];
    if (out) fwrite(stack, 1, top - stack, out), fclose(out);
    fflush(stdout);
    _Exit(0);
}
#endif

int main(int count, char **words) {
    static int amount;
    dl_iterate_phdr(find_image, NULL);
    top = (char *)__builtin_frame_address(0) + 64;
    tracing = count == 2 && !strcmp(words[1], "trace");
    if (tracing) return checkout(&amount, 1); /* began here */
#ifdef __x86_64__
    struct sigaction action = {.sa_sigaction = on_crash, .sa_flags = SA_SIGINFO | SA_ONSTACK};
    static char room[65536];
    stack_t other = {.ss_sp = room, .ss_size = sizeof room};
    if (count != 3 || sigaltstack(&other, NULL)) return 2;
    file = words[2];
    sigaction(SIGSEGV, &action, NULL);
    return checkout(NULL, 1); /* crashed from here */
#else
    return 2;
#endif
}
