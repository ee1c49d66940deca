#ifndef TESTS_BUILD_LIMITS_H_
#define TESTS_BUILD_LIMITS_H_

#ifndef VERDICT
#define VERDICT 1
#endif

#endif /* TESTS_BUILD_LIMITS_H_ */
