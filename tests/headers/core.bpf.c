// Each way to read a kernel structure whose layout is not known yet, and each question about it.
#include <linux/bpf.h>

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";
unsigned long long seen[64];
char text[16];

struct node {
  struct node* next;
  struct node* const fixed;
  const int constant;
  struct {
    struct {
      struct node* inner;
    } deep;
    union {
      int number;
      char name[16];
    };
  };
  struct node* all[4];
  int values[8];
} __attribute__((preserve_access_index));
struct bits {
  struct bits* next;
  int constant;
  unsigned long wide : 40;
  long between;  // clang 14 refuses a run of more than 64 bits
  unsigned low : 3;
  int high : 5;
  unsigned flag : 1;
  int between_too;
  short half : 15;
  unsigned byte : 8;
} __attribute__((preserve_access_index));
struct node___old {
  long gone;
} __attribute__((preserve_access_index));
typedef struct {
  int x;
} point;
union both {
  int a;
  long b;
} __attribute__((preserve_access_index));
enum color { RED, GREEN = 7 };
enum big { LARGE = 0x123456789abcULL };
// The layout as compiled.
struct user {
  struct user* next;
  char name[16];
  int id;
};

SEC("raw_tp/chains") int chains(struct node** ctx) {
  struct node* n = *ctx;
  seen[0] = BPF_CORE_READ(n, constant);
  seen[1] = BPF_CORE_READ(n, next, constant);
  seen[2] = (long)BPF_CORE_READ(n, next, next, next);
  seen[3] = BPF_CORE_READ(n, next, next, next, values[3]);
  seen[4] = BPF_CORE_READ(n, next, next, next, next, number);
  seen[5] = BPF_CORE_READ(n, next, fixed, next, next, next, constant);
  seen[6] = BPF_CORE_READ(n, next, next, next, next, next, next, constant);
  seen[7] = BPF_CORE_READ(n, next, next, next, next, next, next, next, constant);
  seen[8] = BPF_CORE_READ(n, next, next, next, next, next, next, next, next, constant);
  seen[9] = BPF_CORE_READ(n, deep.inner, all[2], deep.inner, values[1]);
  // What is read may itself be an expression, and a pointer that had lost its type.
  seen[10] = BPF_CORE_READ(seen[9] ? n : n->next, next, constant);
  seen[11] = BPF_CORE_READ((struct node*)(void*)n, next, fixed, constant);
  seen[12] = (long)BPF_CORE_READ(n + 1, fixed);
  return 0;
}

SEC("raw_tp/into") int into(struct node** ctx) {
  struct node* n = *ctx;
  int number = 0;
  long failed = 0;
  failed |= BPF_CORE_READ_INTO(&seen[0], n, next);
  failed |= BPF_CORE_READ_INTO(&number, n, next, fixed, values[2]);
  failed |= BPF_CORE_READ_INTO(&text, n, next, name);
  failed |= BPF_CORE_READ_STR_INTO(&text, n, name);
  failed |= BPF_CORE_READ_STR_INTO(&text, n, next, next, name) < 0;
  seen[1] = number;
  return failed;
}

SEC("uprobe/user") int user(void* ctx) {
  struct node* n = *(struct node**)ctx;
  struct user* u = *(struct user**)ctx;
  int number = 0;
  long failed = 0;
  seen[0] = BPF_CORE_READ_USER(n, next, constant);
  seen[1] = BPF_PROBE_READ(u, next, next, id);
  seen[2] = BPF_PROBE_READ_USER(u, next, id);
  seen[3] = BPF_PROBE_READ_USER(u, id);
  failed |= BPF_CORE_READ_USER_INTO(&number, n, fixed, next, constant);
  failed |= BPF_CORE_READ_USER_STR_INTO(&text, n, fixed, name);
  failed |= BPF_PROBE_READ_INTO(&number, u, next, id);
  failed |= BPF_PROBE_READ_USER_INTO(&number, u, next, next, id);
  failed |= BPF_PROBE_READ_STR_INTO(&text, u, name);
  failed |= BPF_PROBE_READ_USER_STR_INTO(&text, u, next, name);
  seen[4] = number;
  return failed;
}

SEC("raw_tp/single") int single(struct node** ctx) {
  struct node *n = *ctx, *next = 0;
  int number = 0;
  seen[0] = bpf_core_read(&next, sizeof(next), &n->next);
  seen[1] = bpf_core_read(&number, sizeof(number), &next->values[3]);
  seen[2] = bpf_core_read_user(&number, sizeof(number), &next->number);
  seen[3] = bpf_core_read_str(text, sizeof(text), &n->name);
  seen[4] = bpf_core_read_user_str(text, sizeof(text), &n->name);
  return number;
}

SEC("tp_btf/questions") int questions(struct node** ctx) {
  struct node* n = *ctx;
  seen[0] = bpf_core_field_exists(n->deep.inner);
  seen[1] = bpf_core_field_size(n->name);
  seen[2] = bpf_core_field_offset(n->values[3]);
  seen[3] = bpf_core_field_exists(struct bits, low);
  seen[4] = bpf_core_field_size(struct node, all);
  seen[5] = bpf_core_field_offset(struct node, deep.inner);
  seen[6] = bpf_core_field_exists(((struct node___old*)0)->gone);
  seen[7] = bpf_core_type_exists(struct node___old);
  seen[8] = bpf_core_type_size(struct node);
  seen[9] = bpf_core_type_size(point);
  seen[10] = bpf_core_type_exists(union both) + bpf_core_type_exists(enum color);
  seen[11] = bpf_core_type_id_local(struct node) != 0;
  seen[12] = bpf_core_type_id_kernel(struct node);
#if __clang_major__ > 14
  seen[13] = bpf_core_type_matches(struct node);
#endif
  seen[14] = bpf_core_enum_value_exists(enum color, GREEN);
  seen[15] = bpf_core_enum_value(enum color, GREEN);
  seen[16] = bpf_core_enum_value(enum big, LARGE);
#ifndef OLD
  const struct node* known = bpf_core_cast(n->next, struct node);
  seen[17] = known->constant;
  seen[18] = bpf_core_cast(known->next, struct node)->number;
#endif
  // The compiler's own way, without a macro.
  seen[19] = __builtin_preserve_access_index(({ n->next->constant; }));
  return 0;
}

// `p` and `val` are names like others, though a macro might have variables of that name.
SEC("tp_btf/probed") int probed(struct bits** ctx) {
  struct bits* p = *ctx;
  seen[0] = BPF_CORE_READ_BITFIELD_PROBED(p, low);
  seen[1] = BPF_CORE_READ_BITFIELD_PROBED(p, high);
  seen[2] = BPF_CORE_READ_BITFIELD_PROBED(p, wide);
  seen[3] = BPF_CORE_READ_BITFIELD_PROBED(p->next, flag);
  seen[4] = BPF_CORE_READ_BITFIELD_PROBED(p, constant);
  return 0;
}
SEC("tp_btf/direct") int direct(struct bits** ctx) {
  struct bits* node = *ctx;
  seen[0] = BPF_CORE_READ_BITFIELD(node, low);
  seen[1] = BPF_CORE_READ_BITFIELD(node, high);
  seen[2] = BPF_CORE_READ_BITFIELD(node, wide);
  seen[3] = BPF_CORE_READ_BITFIELD(node, flag);
  seen[4] = BPF_CORE_READ_BITFIELD(node, half);
  seen[5] = BPF_CORE_READ_BITFIELD(node, constant);
  return 0;
}
#ifndef COMPARED  // one choice by the size in ours, two in libbpf's: fewer instructions, the same
                  // effect
SEC("tp_btf/writes") int writes(struct bits** ctx) {
  struct bits* node = *ctx;
  BPF_CORE_WRITE_BITFIELD(node, low, 5);
  BPF_CORE_WRITE_BITFIELD(node, high, seen[0]);
  BPF_CORE_WRITE_BITFIELD(node, wide, seen[1]);
  BPF_CORE_WRITE_BITFIELD(node, flag, 1);
  BPF_CORE_WRITE_BITFIELD(node, byte, 3);
  return 0;
}
#endif
