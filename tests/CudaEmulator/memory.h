// A device's memory: each allocation lies alone between pages that may not be touched, so that a kernel that leaves it faults.
#pragma once
#include <stddef.h>
#include <stdint.h>

#include <map>
#include <mutex>

#include "results.h"

namespace crescent {

using Address = unsigned long long;

class Memory {
public:
    explicit Memory(size_t total) : _total(total) {}
    ~Memory() { clear(); }

    Result allocate(Address* address, size_t bytes);
    // IllegalAddress when something was written behind its end.
    Result release(Address address);
    // Gives everything back, as when a context ends.
    void clear();
    // Whether all of [address, address + bytes) is in one allocation.
    bool holds(Address address, size_t bytes);
    bool range(Address address, Address* start, size_t* bytes);
    size_t used();
    size_t peak() const { return _peak; }
    size_t total() const { return _total; }
    void resize(size_t total) { _total = total; }
    // The next allocations fail, so many of them.
    void refuse(int allocations) { _refused = allocations; }

private:
    struct Allocation {
        size_t bytes, mapped;
        char* start;
    };

    static bool intact(Address address, const Allocation& allocation);
    void unmap(Address address, const Allocation& allocation);

    std::mutex _mutex;
    std::map<Address, Allocation> _allocations;
    size_t _total, _used = 0, _peak = 0;
    int _refused = 0;
};

}  // namespace crescent
