// SPDX-License-Identifier: MIT
// Types of every shape that maps and global variables can have.
#include <linux/bpf.h>
#include <linux/types.h>
#include <stdbool.h>

#include <bpf/bpf_helpers.h>

enum color { RED, GREEN = 5, BLUE };
enum __attribute__((packed)) small { SMALL = 200 };

typedef __u32 be_address;
typedef struct {
  be_address address;
  __u16 port;
} endpoint;

struct node;

struct packed {
  __u8 kind;
  __u32 length;
  __u64 offset;
} __attribute__((packed));

struct half_packed {
  __u32 id;
  __u64 time;
} __attribute__((packed, aligned(4)));

struct bits {
  unsigned int a : 1;
  unsigned int b : 7;
  unsigned int : 4;
  int c : 5;
  bool d : 1;
  __u64 wide : 40;
  enum color color : 3;
};

struct key {
  union {
    be_address ip4;
    struct {
      __u64 high;
      __u64 low;
    };
    __u8 bytes[16];
  };
  __u16 port;
  __u8 protocol;
};

struct shapes {
  bool truth;
  char text[5];
  signed char letter;
  short number;
  endpoint endpoint;
  struct packed packed;
  struct half_packed half;
  struct bits bits;
  enum color color;
  enum small small;
  struct node* next;
  int (*call)(struct node*, int);
  const char* name;
  __int128 huge;
  __u16 grid[2][3];
  struct {
    int x, y;
  } points[2];
  union {
    __u32 word;
    struct {
      __u8 first, second;
    } part;
  } either;
  // Words of C++, and of no language.
  int class;
  int new;
  int template;
  int errno_like;
  struct {
  } nothing;
};

struct event {
  __u64 time;
  __u32 length;
  char data[];
};

struct part {
  __u32 number;
};
struct aside {
  __u64 value;
  struct {
    struct part part;
    struct {
      __u32 more;
    };
  };
};
// Names that a skeleton's own code has.
struct Visit {
  __u32 number;
};

// A map of the same name as its value's type.
struct counter {
  __u64 packets;
};
struct {
  __uint(type, BPF_MAP_TYPE_LRU_HASH);
  __uint(max_entries, 16);
  __type(key, struct key);
  __type(value, struct counter);
} counter SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 2);
  __type(key, __u32);
  __type(value, struct shapes);
} table SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_LRU_PERCPU_HASH);
  __uint(max_entries, 4);
  __type(key, endpoint);
  __type(value, struct bits);
} per_cpu SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_RINGBUF);
  __uint(max_entries, 4096);
  __type(value, struct event);
} events SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_RINGBUF);
  __uint(max_entries, 4096);
} untyped SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, 4);
  __uint(key_size, 6);
  __uint(value_size, 8);
} sized SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_QUEUE);
  __uint(max_entries, 4);
  __type(value, struct event);
} queue SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_PROG_ARRAY);
  __uint(max_entries, 2);
  __type(key, __u32);
  __type(value, __u32);
} calls SEC(".maps");

const volatile enum color chosen = GREEN;
const volatile struct key first_key = {.ip4 = 0x0100007f, .port = 53};
volatile struct shapes state = {.truth = true, .text = "abc", .class = 3};
volatile __u32 matrix[2][4] = {{1, 2, 3, 4}, {5, 6, 7, 8}};
struct aside* aside;
struct Visit visit;
int SEC(".data.own") own = 4;

SEC("socket")
int read_all(struct __sk_buff* skb) {
  struct counter* counted;
  struct key key = {};
  counted = bpf_map_lookup_elem(&counter, &key);
  if (counted) counted->packets += chosen + first_key.port + own;
  if (aside) return visit.number;
  matrix[1][skb->len & 3]++;
  return state.class;
}

int take(struct aside* given) { return given ? 1 : 0; }

char _license[] SEC("license") = "GPL";
