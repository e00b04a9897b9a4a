// The documented clocks of every instruction form, as text: no file has to be found at run time.
#ifndef HEIRLOOM_CTIMING_H
#define HEIRLOOM_CTIMING_H

#include <stddef.h>

/// One table: comma-separated values with a line of column names. Valid for the life of the program.
struct TimingText {
  const unsigned char *bytes;
  size_t size;
};

/// Sources/CTiming/i386.csv: 386 and 387.
struct TimingText timing_i386(void);
/// Sources/CTiming/i486.csv: 486 with its numeric unit.
struct TimingText timing_i486(void);

#endif
