// What the Linux kernel offers a process that wants to be able to do less. Raw system calls: Debian 12's C library has no
// wrappers for Landlock. All functions return 0 or an errno value; ENOSYS and EOPNOTSUPP mean that the kernel hasn't got it.
#ifndef CSANDBOX_H
#define CSANDBOX_H

// From here on all threads of this process, and those it starts, can read only beneath `readable` and `writable`, and
// write only beneath `writable` (NULL at the end of each). `left` is how many threads could not be brought to it.
int sandbox_limit_files(const char *const *readable, const char *const *writable, int *left);

// From here on all threads get EPERM from system calls that start programs, open network connections, reach into other
// processes, type into the terminal, or change the system.
int sandbox_limit_calls(void);

#endif
