#include "CSandbox.h"

#ifdef __linux__
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

// Rights that came after the headers of Debian 12. Source: Linux 6.12, include/uapi/linux/landlock.h (recalled).
#ifndef LANDLOCK_ACCESS_FS_REFER
#define LANDLOCK_ACCESS_FS_REFER (1ULL << 13)
#endif
#ifndef LANDLOCK_ACCESS_FS_TRUNCATE
#define LANDLOCK_ACCESS_FS_TRUNCATE (1ULL << 14)
#endif

int sandbox_limit_writes(const char *const *writable) {
  long abi = syscall(__NR_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
  if (abi < 0) return errno;
  uint64_t file = LANDLOCK_ACCESS_FS_WRITE_FILE | (abi >= 3 ? LANDLOCK_ACCESS_FS_TRUNCATE : 0);
  uint64_t all = file | LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_CHAR
                 | LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_SOCK
                 | LANDLOCK_ACCESS_FS_MAKE_FIFO | LANDLOCK_ACCESS_FS_MAKE_BLOCK | LANDLOCK_ACCESS_FS_MAKE_SYM
                 | LANDLOCK_ACCESS_FS_EXECUTE;
  struct landlock_ruleset_attr attributes = {.handled_access_fs = all};
  int ruleset = (int)syscall(__NR_landlock_create_ruleset, &attributes, sizeof attributes, 0);
  if (ruleset < 0) return errno;
  int failure = 0;
  for (; *writable && !failure; writable++) {
    int place = open(*writable, O_PATH | O_CLOEXEC);
    if (place < 0) continue;  // What isn't there can't be written either.
    struct stat status;
    int isFolder = fstat(place, &status) == 0 && S_ISDIR(status.st_mode);
    uint64_t rights = isFolder ? file | LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_REMOVE_FILE : file;
    struct landlock_path_beneath_attr rule = {.allowed_access = rights, .parent_fd = place};
    if (syscall(__NR_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) != 0) failure = errno;
    close(place);
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
      REFUSE_CALL(execve), REFUSE_CALL(execveat), REFUSE_CALL(ptrace), REFUSE_CALL(process_vm_readv),
      REFUSE_CALL(process_vm_writev), REFUSE_CALL(mount), REFUSE_CALL(umount2), REFUSE_CALL(pivot_root),
      REFUSE_CALL(chroot), REFUSE_CALL(reboot), REFUSE_CALL(swapon), REFUSE_CALL(swapoff), REFUSE_CALL(init_module),
      REFUSE_CALL(finit_module), REFUSE_CALL(delete_module), REFUSE_CALL(kexec_load), REFUSE_CALL(bpf),
      REFUSE_CALL(perf_event_open), REFUSE_CALL(userfaultfd), REFUSE_CALL(keyctl), REFUSE_CALL(add_key),
      REFUSE_CALL(request_key), REFUSE_CALL(setns), REFUSE_CALL(unshare), REFUSE_CALL(bind), REFUSE_CALL(listen),
      REFUSE_CALL(accept), REFUSE_CALL(accept4),
#ifdef __NR_fork
      REFUSE_CALL(fork), REFUSE_CALL(vfork),
#endif
      // socket(): only those of this host, which displays and sound servers use.
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_socket, 0, 4),
      LOAD(args[0]),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AF_UNIX, 1, 0),
      REFUSE,
      LOAD(nr),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
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
int sandbox_limit_writes(const char *const *writable) { (void)writable; return ENOSYS; }
int sandbox_limit_calls(void) { return ENOSYS; }
#endif
