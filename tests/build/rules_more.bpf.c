// SPDX-License-Identifier: MIT
// The second source of an object: the first includes it.
static __attribute__((noinline)) int one_more(void) {
  int value = 1;
  asm volatile("" : "+r"(value));
  return value;
}
