// The clock tables as bytes inside the program. #embed makes the compiler track the files.
#include "CTiming.h"

#pragma clang diagnostic ignored "-Wc23-extensions"

static const unsigned char i386[] = {
#embed "i386.csv"
};

static const unsigned char i486[] = {
#embed "i486.csv"
};

struct TimingText timing_i386(void) { return (struct TimingText){i386, sizeof i386}; }
struct TimingText timing_i486(void) { return (struct TimingText){i486, sizeof i486}; }
