// Byte orders, of variables and of constants, which stay constants.
#include <linux/bpf.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";
__u64 seen[16];
const __u16 table[] = {__bpf_constant_htons(0x86dd), __bpf_constant_ntohs(0x800)};
const __u64 wide[] = {__bpf_constant_cpu_to_be64(0x0102030405060708),
                      __bpf_constant_htonl(0x01020304), __bpf_constant_be64_to_cpu(1),
                      __bpf_constant_ntohl(0xff)};
_Static_assert(bpf_htons(0x0102) == (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? 0x0201 : 0x0102),
               "");
_Static_assert(bpf_htonl(0x01020304) ==
                   (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? 0x04030201 : 0x01020304),
               "");
_Static_assert(bpf_cpu_to_be64(0x0102030405060708) == (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
                                                           ? 0x0807060504030201
                                                           : 0x0102030405060708),
               "");

SEC("tc") int orders(struct __sk_buff* skb) {
  switch (skb->protocol) {
    case bpf_htons(0x0800):
      seen[0] = 1;
      break;
    case bpf_htons(0x86dd):
      seen[0] = 2;
      break;
    case __bpf_constant_htons(0x0806):
      seen[0] = 3;
      break;
    default:
      seen[0] = bpf_ntohs(skb->protocol);
  }
  seen[1] = bpf_htonl(skb->len);
  seen[2] = bpf_ntohl(skb->remote_ip4);
  seen[3] = bpf_cpu_to_be64(seen[2]);
  seen[4] = bpf_be64_to_cpu(skb->tstamp);
  seen[5] = bpf_htons(skb->remote_port) + bpf_ntohs(0x1234);
  seen[6] = bpf_ntohl(0x12345678) ^ bpf_be64_to_cpu(0x123456789abcdef0);
  seen[7] = __bpf_ntohs(skb->len) + __bpf_htonl(skb->mark) + __bpf_cpu_to_be64(skb->hash);
  seen[8] = ___bpf_swab16(skb->mark) + ___bpf_swab32(skb->hash) + ___bpf_swab64(skb->tstamp);
  seen[9] = table[skb->mark & 1] + wide[skb->mark & 3];
  return 0;
}
