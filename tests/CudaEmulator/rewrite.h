// Turns a kernel's source, after the preprocessor, into what the host's compiler takes with cuda_host.h before it.
#pragma once
#include <string>

namespace crescent {

// Dynamic shared memory becomes a pointer of the thread's; each kernel gets an entry that the driver finds.
std::string rewrite(const std::string& source);

}  // namespace crescent
