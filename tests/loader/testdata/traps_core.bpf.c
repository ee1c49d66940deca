// Relocations against types that the kernel has otherwise, twice, or not at all.
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

char license_text[] SEC("license") = "GPL";

#define __core __attribute__((preserve_access_index))

struct grown {
  unsigned int counter;
} __core;

struct signed_one {
  int value;
} __core;

struct twice {
  unsigned int same;
  unsigned int other;
} __core;

struct absent {
  unsigned int field;
} __core;

struct in___bad_name_ {
  unsigned int field;
} __core;

enum numbers { NUMBER = 1ULL };

SEC("raw_tp/a")
int widens(struct grown* grown) { return grown->counter; }

SEC("raw_tp/a")
int is_signed(struct signed_one* one) { return one->value; }

SEC("raw_tp/a")
int sizes(void* ctx) { return __builtin_preserve_type_info(*(struct absent*)0, 1) + 5; }

SEC("raw_tp/a")
unsigned long enumerates(void* ctx) {
  return __builtin_preserve_enum_value(*(typeof(enum numbers)*)NUMBER, 1);
}

SEC("raw_tp/a")
int agrees(struct twice* twice) { return twice->same; }

SEC("raw_tp/a")
int disagrees(struct twice* twice) { return twice->other; }

SEC("raw_tp/a")
int has_flavour(struct in___bad_name_* in) { return in->field; }
