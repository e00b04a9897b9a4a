#include "CSandbox.h"

#ifdef __linux__
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

// Rights that came after the headers of Debian 12. Source: Linux 6.12, include/uapi/linux/landlock.h (recalled).
#ifndef LANDLOCK_ACCESS_FS_REFER
#define LANDLOCK_ACCESS_FS_REFER (1ULL << 13)
#endif
#ifndef LANDLOCK_ACCESS_FS_TRUNCATE
#define LANDLOCK_ACCESS_FS_TRUNCATE (1ULL << 14)
#endif

// Landlock binds the thread that asks for it. The other threads are asked by a signal to do the same: SIGSYS, which the
// libraries that block signals in threads of theirs (libdispatch, SDL, Mesa) leave open.
static int seal_ruleset;
static atomic_int seal_done, seal_failed;

static void seal_thread(int number) {
  (void)number;
  int saved = errno;
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || syscall(__NR_landlock_restrict_self, seal_ruleset, 0) != 0)
    atomic_fetch_add(&seal_failed, 1);
  atomic_fetch_add(&seal_done, 1);
  errno = saved;
}

// Brings all other threads under the ruleset; returns how many didn't answer or were refused.
static int seal_other_threads(void) {
  enum { most = 512 };
  static pid_t sealed[most];
  int count = 0, missing = 0;
  pid_t self = (pid_t)syscall(__NR_gettid);
  struct sigaction action = {.sa_handler = seal_thread, .sa_flags = SA_RESTART}, before;
  if (sigaction(SIGSYS, &action, &before) != 0) return 1;
  // Until a round finds no thread that is new: one that was just made by another has its rights.
  for (int found = 1, round = 0; found && round < 16; round++) {
    found = 0;
    DIR *threads = opendir("/proc/self/task");
    if (!threads) {
      missing = 1;
      break;
    }
    for (struct dirent *entry; (entry = readdir(threads));) {
      pid_t thread = (pid_t)atoi(entry->d_name);
      int known = thread <= 0 || thread == self;
      for (int at = 0; at < count && !known; at++) known = sealed[at] == thread;
      if (known || count == most) continue;
      sealed[count++] = thread;
      found = 1;
      int wanted = atomic_load(&seal_done) + 1;
      if (syscall(__NR_tgkill, getpid(), thread, SIGSYS) != 0) continue;  // It has ended meanwhile.
      struct timespec millisecond = {.tv_nsec = 1000000};
      int waited = 0;
      while (atomic_load(&seal_done) < wanted && waited++ < 100) nanosleep(&millisecond, NULL);
      if (waited > 100) missing++;
    }
    closedir(threads);
  }
  sigaction(SIGSYS, &before, NULL);
  return missing + atomic_load(&seal_failed);
}

// Adds a rule for each place; `folder` and `file` are what is allowed in folders and of files.
static int allow(int ruleset, const char *const *places, uint64_t folder, uint64_t file) {
  int failure = 0;
  for (; *places && !failure; places++) {
    int place = open(*places, O_PATH | O_CLOEXEC);
    if (place < 0) continue;  // What isn't there can't be used either.
    struct stat status;
    int isFolder = fstat(place, &status) == 0 && S_ISDIR(status.st_mode);
    struct landlock_path_beneath_attr rule = {.allowed_access = isFolder ? folder : file, .parent_fd = place};
    if (syscall(__NR_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) != 0) failure = errno;
    close(place);
  }
  return failure;
}

int sandbox_limit_files(const char *const *readable, const char *const *writable, int *left) {
  *left = 0;
  long abi = syscall(__NR_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
  if (abi < 0) return errno;
  uint64_t read = LANDLOCK_ACCESS_FS_READ_FILE;
  uint64_t write = LANDLOCK_ACCESS_FS_WRITE_FILE | (abi >= 3 ? LANDLOCK_ACCESS_FS_TRUNCATE : 0);
  uint64_t all = read | write | LANDLOCK_ACCESS_FS_READ_DIR | LANDLOCK_ACCESS_FS_REMOVE_DIR
                 | LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_DIR
                 | LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_MAKE_FIFO
                 | LANDLOCK_ACCESS_FS_MAKE_BLOCK | LANDLOCK_ACCESS_FS_MAKE_SYM | LANDLOCK_ACCESS_FS_EXECUTE;
  struct landlock_ruleset_attr attributes = {.handled_access_fs = all};
  int ruleset = (int)syscall(__NR_landlock_create_ruleset, &attributes, sizeof attributes, 0);
  if (ruleset < 0) return errno;
  uint64_t look = read | LANDLOCK_ACCESS_FS_READ_DIR;
  int failure = allow(ruleset, readable, look, read);
  if (!failure)
    failure = allow(
        ruleset, writable, look | write | LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_REMOVE_FILE, read | write);
  if (!failure) {
    seal_ruleset = ruleset;
    *left = seal_other_threads();
  }
  if (!failure && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) failure = errno;
  if (!failure && syscall(__NR_landlock_restrict_self, ruleset, 0) != 0) failure = errno;
  close(ruleset);
  return failure;
}

#if defined(__x86_64__)
#define THIS_ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define THIS_ARCHITECTURE AUDIT_ARCH_AARCH64
#endif

#define LOAD(field) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define REFUSE BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM)
#define ALLOW BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)
#define REFUSE_CALL(number) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_##number, 0, 1), REFUSE

int sandbox_limit_calls(void) {
#ifndef THIS_ARCHITECTURE
  return EOPNOTSUPP;
#else
  struct sock_filter program[] = {
      // Calls of another architecture (32-bit ones, say) have other numbers: none of them.
      LOAD(arch),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, THIS_ARCHITECTURE, 1, 0),
      REFUSE,
      LOAD(nr),
#ifdef __x86_64__
      // The x32 numbers begin here.
      BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x40000000, 0, 1),
      REFUSE,
#endif
      // Programs and other processes.
      REFUSE_CALL(execve), REFUSE_CALL(execveat), REFUSE_CALL(ptrace), REFUSE_CALL(process_vm_readv),
      REFUSE_CALL(process_vm_writev), REFUSE_CALL(kcmp), REFUSE_CALL(pidfd_open), REFUSE_CALL(pidfd_getfd),
      REFUSE_CALL(pidfd_send_signal), REFUSE_CALL(rt_sigqueueinfo), REFUSE_CALL(rt_tgsigqueueinfo),
      REFUSE_CALL(setns), REFUSE_CALL(unshare),
#ifdef __NR_fork
      REFUSE_CALL(fork), REFUSE_CALL(vfork),
#endif
      // The system.
      REFUSE_CALL(mount), REFUSE_CALL(umount2), REFUSE_CALL(pivot_root), REFUSE_CALL(chroot), REFUSE_CALL(fsopen),
      REFUSE_CALL(fsmount), REFUSE_CALL(fspick), REFUSE_CALL(open_tree), REFUSE_CALL(move_mount),
      REFUSE_CALL(mount_setattr), REFUSE_CALL(open_by_handle_at), REFUSE_CALL(reboot), REFUSE_CALL(swapon),
      REFUSE_CALL(swapoff), REFUSE_CALL(init_module), REFUSE_CALL(finit_module), REFUSE_CALL(delete_module),
      REFUSE_CALL(kexec_load), REFUSE_CALL(bpf), REFUSE_CALL(perf_event_open), REFUSE_CALL(userfaultfd),
      REFUSE_CALL(keyctl), REFUSE_CALL(add_key), REFUSE_CALL(request_key), REFUSE_CALL(acct), REFUSE_CALL(quotactl),
      REFUSE_CALL(settimeofday), REFUSE_CALL(clock_settime), REFUSE_CALL(adjtimex), REFUSE_CALL(sethostname),
      REFUSE_CALL(setdomainname), REFUSE_CALL(syslog),
      // Its operations pass this filter by.
      REFUSE_CALL(io_uring_setup),
      // Connections. (What listens already, for commands beside the machine, may go on.)
      REFUSE_CALL(bind), REFUSE_CALL(listen),
      // socket(): only those of this host, which displays and sound servers use.
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_socket, 0, 4),
      LOAD(args[0]),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AF_UNIX, 1, 0),
      REFUSE,
      ALLOW,
      // clone(): only threads. clone3() has its flags where a filter can't see them; the C library does without it.
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_clone3, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_clone, 0, 4),
      LOAD(args[0]),
      BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, CLONE_THREAD, 1, 0),
      REFUSE,
      ALLOW,
      // Signals: only to this process.
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_kill, 2, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_tgkill, 1, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_tkill, 3, 4),
      LOAD(args[0]),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)getpid(), 0, 1),
      ALLOW,
      REFUSE,
      // ioctl(): no keys into the terminal that this was started from.
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_ioctl, 0, 4),
      LOAD(args[1]),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, TIOCSTI, 1, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, TIOCLINUX, 0, 1),
      REFUSE,
      ALLOW,
  };
  struct sock_fprog filter = {.len = sizeof program / sizeof program[0], .filter = program};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return errno;
  // Non-zero without errno: a thread that couldn't be brought under the filter.
  long result = syscall(__NR_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &filter);
  return result == 0 ? 0 : result > 0 ? EBUSY : errno;
#endif
}

#else
#include <errno.h>
int sandbox_limit_files(const char *const *readable, const char *const *writable, int *left) {
  (void)readable; (void)writable; *left = 0;
  return ENOSYS;
}
int sandbox_limit_calls(void) { return ENOSYS; }
#endif
