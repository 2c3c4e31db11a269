#include "memory.h"

#include <string.h>
#include <sys/mman.h>

#include <algorithm>

#include "settings.h"

namespace crescent {

namespace {

constexpr size_t Page = 4096, Guard = 256 * 1024, Alignment = 256;
constexpr unsigned char Slack = 0xfb;

size_t roundUp(size_t value, size_t unit) { return (value + unit - 1) / unit * unit; }

}  // namespace

Result Memory::allocate(Address* address, size_t bytes) {
    if (!address || !bytes) return InvalidValue;
    std::lock_guard<std::mutex> lock(_mutex);
    if (_refused > 0) {
        _refused--;
        return OutOfMemory;
    }
    size_t taken = roundUp(bytes, Alignment);
    if (taken < bytes || taken > _total - std::min(_used, _total)) return OutOfMemory;
    size_t inner = roundUp(taken, Page), mapped = inner + 2 * Guard;
    auto map = static_cast<char*>(mmap(nullptr, mapped, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0));
    if (map == MAP_FAILED) return OutOfMemory;
    if (mprotect(map + Guard, inner, PROT_READ | PROT_WRITE)) {
        munmap(map, mapped);
        return OutOfMemory;
    }
    // Against the guard behind it, as near as the alignment lets it be.
    char* start = map + Guard + inner - taken;
    if (settings().poison) memset(start, 0xff, bytes);
    memset(start + bytes, Slack, taken - bytes);
    *address = reinterpret_cast<Address>(start);
    _allocations[*address] = {bytes, mapped, map};
    _used += taken;
    _peak = std::max(_peak, _used);
    return Success;
}

Result Memory::release(Address address) {
    std::lock_guard<std::mutex> lock(_mutex);
    auto found = _allocations.find(address);
    if (found == _allocations.end()) return InvalidValue;
    bool whole = intact(address, found->second);
    unmap(address, found->second);
    _allocations.erase(found);
    return whole ? Success : IllegalAddress;
}

void Memory::clear() {
    std::lock_guard<std::mutex> lock(_mutex);
    for (auto& [address, allocation] : _allocations) unmap(address, allocation);
    _allocations.clear();
}

bool Memory::holds(Address address, size_t bytes) {
    Address start;
    size_t size;
    return range(address, &start, &size) && address - start + bytes <= size;
}

bool Memory::range(Address address, Address* start, size_t* bytes) {
    std::lock_guard<std::mutex> lock(_mutex);
    auto after = _allocations.upper_bound(address);
    if (after == _allocations.begin()) return false;
    --after;
    *start = after->first;
    *bytes = after->second.bytes;
    return address - after->first < after->second.bytes || (address == after->first && !after->second.bytes);
}

size_t Memory::used() {
    std::lock_guard<std::mutex> lock(_mutex);
    return _used;
}

bool Memory::intact(Address address, const Allocation& allocation) {
    auto end = reinterpret_cast<unsigned char*>(address) + allocation.bytes;
    size_t slack = roundUp(allocation.bytes, Alignment) - allocation.bytes;
    return std::all_of(end, end + slack, [](unsigned char byte) { return byte == Slack; });
}

void Memory::unmap(Address address, const Allocation& allocation) {
    (void)address;
    munmap(allocation.start, allocation.mapped);
    _used -= roundUp(allocation.bytes, Alignment);
}

}  // namespace crescent
