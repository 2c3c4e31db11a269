#include "fibers.h"

#include <sys/mman.h>

namespace crescent {

namespace {
constexpr size_t StackBytes = 64 * 1024, Page = 4096;
}

asm(R"(
.text
.globl crescent_switch
.type crescent_switch, @function
crescent_switch:
    pushq %rbp
    pushq %rbx
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    movq %rsp, (%rdi)
    movq %rsi, %rsp
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbx
    popq %rbp
    ret
.size crescent_switch, .-crescent_switch
)");

Fibers::~Fibers() {
    for (Stack& stack : _stacks) munmap(stack.memory, StackBytes + Page);
}

int Fibers::take() {
    if (_free.empty()) {
        // A page that may not be touched below each: a stack that overflows faults as an illegal address.
        auto memory = static_cast<char*>(mmap(nullptr, StackBytes + Page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0));
        mprotect(memory, Page, PROT_NONE);
        _stacks.push_back({nullptr, memory});
        begin(_stacks.back(), _stacks.size());
        return static_cast<int>(_stacks.size()) - 1;
    }
    int fiber = _free.back();
    _free.pop_back();
    return fiber;
}

void Fibers::reset() {
    _free.clear();
    for (size_t i = 0; i < _stacks.size(); i++) {
        begin(_stacks[i], i + 1);
        _free.push_back(static_cast<int>(i));
    }
}

void Fibers::begin(Stack& stack, size_t number) const {
    // Their tops differ in the cache's lines.
    auto top = reinterpret_cast<void**>(stack.memory + StackBytes + Page - (number % 61) * 64);
    *--top = nullptr;
    *--top = reinterpret_cast<void*>(_entry);
    for (int i = 0; i < 6; i++) *--top = nullptr;
    stack.top = top;
}

}  // namespace crescent
