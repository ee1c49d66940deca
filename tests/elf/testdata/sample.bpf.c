// What the tests look for in a compiled object: both map styles, data of each kind, a call within
// the section and one into another, bit fields, signed and wide enums. Needs no header.
#define SECTION(name) __attribute__((section(name), used))

typedef unsigned int u32;
typedef unsigned long long u64;

enum color { kRed, kGreen = 7 };
enum sign { kMinus = -1, kPlus = 1 };
enum wide { kWide = 0x123456789abcLL };

struct flags {
  u32 low : 3;
  u32 high : 29;
  enum color color;
};

struct value {
  u64 packets;
  struct flags flags[4];
};

struct {
  int (*type)[1];
  int (*max_entries)[16];
  u32* key;
  struct value* value;
} counters SECTION(".maps");

struct bpf_map_def {
  u32 type, key_size, value_size, max_entries, map_flags;
};
struct bpf_map_def SECTION("maps") legacy = {2, 4, 8, 1, 0};

const volatile int limit = 5;
int initialised = 3;
u64 zeroed;
enum sign sign;
enum wide wide;

static void* (*map_lookup)(void* map, const void* key) = (void*)1;

// A function of the same section: a call relative to the instruction.
static __attribute__((noinline)) int beside(void* ctx, u32 key) {
  struct value* found = map_lookup(&counters, &key);
  if (!found) return 0;
  found->packets += zeroed;
  return found->flags[1].color == kGreen && sign != kMinus && wide == kWide && ctx;
}

// A function of .text: a call that is relocated.
__attribute__((noinline)) int elsewhere(int a) { return a + initialised; }

SECTION("xdp") int count(void* ctx) {
  u32 key = 0;
  if (map_lookup(&legacy, &key)) return beside(ctx, limit);
  return elsewhere(beside(ctx, 1));
}

char _license[] SECTION("license") = "GPL";
