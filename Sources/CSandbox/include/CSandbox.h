// What the Linux kernel offers a process that wants to be able to do less. Raw system calls: Debian 12's C library has no
// wrappers for Landlock. All functions return 0 or an errno value; ENOSYS and EOPNOTSUPP mean that the kernel hasn't got it.
#ifndef CSANDBOX_H
#define CSANDBOX_H

// From here on this thread, and those it starts, can write only beneath `writable` (NULL at the end), and read anywhere.
int sandbox_limit_writes(const char *const *writable);

// From here on all threads get EPERM from system calls that start programs, open network connections, look into other
// processes, or change the system.
int sandbox_limit_calls(void);

#endif
