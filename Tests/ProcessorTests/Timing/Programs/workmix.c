/* A mix of integer work with the proportions of Dhrystone 2.1: records copied and linked, short strings copied and
   compared, small procedures called, enumerations, a two-dimensional array, a multiplication and a division. It is our
   own program, not R. Weicker's: what it shares with his is what a round consists of. Ports E0h and E1h: the test's
   stopwatch. Built by build.sh with gcc -m32; no library. */
typedef struct record {
  struct record *next;
  int kind, choice, number;
  char text[31];
} record;
typedef char text30[31];
static record records[2];
static record *current, *other;
static int global_number, is_set;
static char letter_1, letter_2;
static int row[50], table[50][50];
#define NOINLINE __attribute__((noinline))

static NOINLINE void copy_text(char *to, const char *from) { while ((*to++ = *from++)); }
static NOINLINE int compare_text(const char *a, const char *b) {
  while (*a && *a == *b) { a++; b++; }
  return (unsigned char)*a - (unsigned char)*b;
}
static NOINLINE int same_letter(char a, char b) {
  char c = a;
  if (c != b) return 0;
  letter_1 = c;
  return 1;
}
static NOINLINE int is_third(int kind) { int k = kind; return k == 2; }
static NOINLINE int later_text(const char *a, const char *b) {
  int i = 2, letter = 0;
  while (i <= 2)
    if (same_letter(a[i], b[i + 1]) == 0) { letter = 'A'; i++; }
  if (letter >= 'W' && letter < 'Z') i = 7;
  if (letter == 'R') return 1;
  if (compare_text(a, b) > 0) { i += 7; global_number = i; return 1; }
  return 0;
}
static NOINLINE void add_two(int a, int b, int *sum) { int c = a + 2; *sum = b + c; }
static NOINLINE void choose(int kind, int *choice) {
  *choice = kind;
  if (!is_third(kind)) *choice = 3;
  switch (kind) {
    case 0: *choice = 0; break;
    case 1: *choice = global_number > 100 ? 0 : 3; break;
    case 2: *choice = 1; break;
    case 4: *choice = 2; break;
    default: break;
  }
}
static NOINLINE void fill(int a[50], int b[50][50], int x, int y) {
  int i, at = x + 5;
  a[at] = y; a[at + 1] = a[at]; a[at + 30] = at;
  for (i = at; i <= at + 1; i++) b[at][i] = at;
  b[at][at - 1] += 1;
  b[at + 20][at] = a[at];
  global_number = 5;
}
static NOINLINE void link(record **place) {
  if (current) *place = current->next;
  add_two(10, global_number, &current->number);
}
static NOINLINE void follow(record *r) {
  record *next = r->next;
  *r->next = *current;
  r->number = 5;
  next->number = r->number;
  next->next = r->next;
  link(&next->next);
  if (next->kind == 0) {
    next->number = 6;
    choose(r->choice, &next->choice);
    next->next = current->next;
    add_two(next->number, 10, &next->number);
  } else *r = *r->next;
}
static NOINLINE void step_number(int *n) {
  int k = *n + 10, done = 0;
  do if (letter_1 == 'A') { k--; *n = k - global_number; done = 1; } while (!done);
}
static NOINLINE void set_letter(void) { is_set = (letter_1 == 'A') | is_set; letter_2 = 'B'; }
static NOINLINE void first_letter(void) { letter_1 = 'A'; is_set = 0; }

static inline void stamp(void) { __asm__ volatile("outb %%al,$0xE0" ::: "memory"); }

void _start(void) __attribute__((section(".start")));
void _start(void) {
  int a, b, c, choice, round;
  char letter;
  text30 one, two;
  other = &records[0];
  current = &records[1];
  current->next = other;
  current->kind = 0; current->choice = 2; current->number = 40;
  copy_text(current->text, "WORK MIX, SOME STRING         ");
  copy_text(one, "WORK MIX, THE FIRST STRING    ");
  table[8][7] = 10;
  for (round = 0; round < 220; round++) {
    if (round == 20) stamp();
    first_letter();
    set_letter();
    a = 2; b = 3;
    copy_text(two, "WORK MIX, THE SECOND STRING   ");
    choice = 1;
    is_set = !later_text(one, two);
    while (a < b) { c = 5 * a - b; add_two(a, b, &c); a++; }
    fill(row, table, a, c);
    follow(current);
    for (letter = 'A'; letter <= letter_2; letter++)
      if (choice == same_letter(letter, 'C')) { choose(0, &choice); copy_text(two, "WORK MIX, THE THIRD STRING    "); b = round; global_number = round; }
    b = b * a;
    a = b / c;
    b = 7 * (b - c) - a;
    step_number(&a);
  }
  stamp();
  for (;;) ;
}
