// Every kind of type that a compiler puts into BTF, and all three parts of .BTF.ext.
typedef unsigned int u32;
typedef unsigned long long u64;

#define SEC(name) __attribute__((section(name), used))
#if __has_attribute(btf_type_tag)
#define TYPE_TAG(text) __attribute__((btf_type_tag(text)))
#else
#define TYPE_TAG(text)
#endif
#if __has_attribute(btf_decl_tag)
#define DECL_TAG(text) __attribute__((btf_decl_tag(text)))
#else
#define DECL_TAG(text)
#endif

struct later;
enum color { RED, GREEN = -1, BLUE = 7 };
enum wide { NARROW = 1, WIDE = 0x123456789abcdefULL };

struct inner {
  u64 first;
  union {
    u32 whole;
    struct {
      u32 low : 3, high : 29;
    };
  };
};

struct kernel_type {
  struct inner nested DECL_TAG("of a member");
  const volatile int* pointer;
  struct later* forward;
  char name[16];
  enum color color;
  enum wide wide;
  _Bool flag;
  int flexible[];
} __attribute__((preserve_access_index));

struct registers {
  double number;
  char* restrict alias;
  u32 TYPE_TAG("user") * tagged;
  u64 (*callback)(struct inner*, u32, ...);
};

int global_counter = 3;
static volatile const int limit SEC(".rodata") = 9;
u64 zeroed[4];
struct registers state SEC(".data.state");

extern int kernel_function(struct inner* argument) __attribute__((weak)) SEC(".ksyms");

static __attribute__((noinline)) int helper(struct kernel_type* type, enum color color) {
  return (int)type->nested.low + (int)color + limit;
}

DECL_TAG("of a function")
__attribute__((noinline)) int global_helper(struct kernel_type* type) {
  return type->name[3] + helper(type, type->color) + (type->wide == WIDE);
}

SEC("tc") int first(struct kernel_type* type) {
  zeroed[1] = type->nested.first;
  state.number = 0;
  if (kernel_function) zeroed[2] = (u64)kernel_function(&type->nested);
  return global_helper(type) + global_counter;
}

SEC("xdp") int second(struct kernel_type* type) {
  return type->nested.whole + type->nested.high + (int)__builtin_preserve_type_info(*type, 1);
}

char _license[] SEC("license") = "GPL";
