// Types that are hard to write down: what a header made from their BTF must lay out alike
// (btf_c_dump_layout_test.cc). Nothing here is ever run.
typedef signed char s8;
typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;

// Types that refer to each other, and a typedef that comes between.
struct first;
struct second;
typedef int (*visit_t)(struct first*, struct second*, ...);
struct first {
  struct second* other;
  struct first *next, **links[3];
  visit_t visit;
  union never_defined* opaque;
};
struct second {
  struct first whole;
  struct {
    struct second* inner;
    union {
      int number;
      struct first* pointer;
    };
  };
};

// Declarators.
typedef void handler_t(int);
typedef int matrix_t[2][3];
struct declarators {
  int (*array_of_pointers[4])(void);
  int (*(*returns_function)(int, char))(long);
  int (*pointer_to_array)[5];
  const char* const* volatile qualified;
  handler_t* handler;
  matrix_t matrix, *matrices;
  const matrix_t constant;
  void (*takes_struct)(struct first, const struct second* const);
  const volatile void* nothing;
  char* restrict alone;
};

// Bit fields.
struct bits {
  u32 a : 3, b : 29;
  u8 c : 1;
  u64 d : 40;
  u32 : 0;
  s8 e : 7;
  u32 : 5;
  u16 f : 9;
  _Bool g : 1;
};
struct bits_with_holes {
  u64 a : 1;
  u64 : 31;
  u64 b : 32;
  u8 : 3;
  u8 c : 2;
  u32 after;
};
struct bits_packed {
  u8 a;
  u32 b : 31;
  u64 c : 33;
  u8 d;
} __attribute__((packed));

// Packed, aligned, and both.
struct packed {
  u8 a;
  u64 b;
  u16 c;
} __attribute__((packed));
struct packed_to_four {
  u64 a;
  u32 b;
} __attribute__((packed, aligned(4)));
struct packed_to_two {
  u64 a;
  u16 b;
  struct packed_to_four c;
} __attribute__((packed, aligned(2)));
struct line {
  u32 a;
  u32 b __attribute__((aligned(64)));
} __attribute__((aligned(64)));
struct holds_line {
  u8 a;
  struct line line;
  u8 b;
};
struct page {
  u8 a;
  u64 b __attribute__((aligned(4096)));
};
struct empty {};
struct holds_empty {
  u8 a;
  struct empty nothing;
  u32 zero[0];
  u8 b;
  struct empty nothings[7];
};
struct flexible {
  u32 count;
  u64 items[];
};
struct packed_inside {
  u8 before;
  struct {
    u8 a;
    u32 b;
  } __attribute__((packed)) inner;
  union {
    u32 word;
    struct packed odd;
  };
};
struct padded {
  u32 a;
} __attribute__((aligned(32)));
union padded_union {
  u8 a;
} __attribute__((aligned(8)));
union large_union {
  u8 a[3];
  u16 b;
} __attribute__((aligned(16)));
union packed_union {
  u32 a;
  u8 b[5];
} __attribute__((packed));
struct wide {
  u8 a;
  __int128 b;
  unsigned __int128 c[2];
  u8 d;
};
struct holds_wide {
  u32 a;
  struct wide b;
};
struct floats {
  float a;
  double b;
};

// Enums.
enum small { kSmallA = 1, kSmallB = 200 } __attribute__((packed));
enum middle { kMiddle = -300 } __attribute__((packed));
enum large { kLarge = 0x123456789aULL, kLargest = 0xffffffffffffffffULL };
enum least { kLeast = -0x7fffffffffffffffLL - 1, kZero = 0 };
enum negative { kNegative = -1, kMinimum = -2147483647 - 1, kMaximum = 2147483647 };
enum unsigned_enum { kUnsigned = 4294967295U };
struct enums {
  enum small a;
  enum middle b;
  enum small c : 4;
  enum large d;
  enum least e;
  enum negative f;
  enum unsigned_enum g;
  enum { kInline, kInlineToo } h;
  enum declared_only* i;
};
typedef enum { kTyped } typed_t;

// Names: of one name space in another, of C itself (by way of the assembler's names there are
// none), and tags.
struct name {
  int name;
  struct name* (*fn)(struct name* name);
};
typedef struct name name;
typedef struct {
  int a;
} unnamed_t;
struct tags {
  int __attribute__((btf_type_tag("user"))) * user;
  unnamed_t typed;
  typed_t typed_enum;
  __builtin_va_list list;
};

struct all {
  struct first a;
  struct second b;
  struct declarators c;
  struct bits d;
  struct bits_with_holes e;
  struct bits_packed f;
  struct packed g;
  struct packed_to_four h;
  struct packed_to_two i;
  struct line j;
  struct holds_line k;
  struct page l;
  struct holds_empty m;
  struct packed_inside n;
  struct padded o;
  union padded_union p;
  union large_union q;
  union packed_union r;
  struct wide s;
  struct holds_wide t;
  struct floats u;
  struct enums v;
  name w;
  struct tags x;
  struct flexible y;
};
struct all* all;
