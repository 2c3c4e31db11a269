namespace Crescent.Tests.Structure;

/// <summary>
/// Which folder of an assembly may use which: a folder may use those above it in the list, and none below. A new folder takes its place here; when an arrow
/// is to go back, what both need moves to a folder above them.
/// </summary>
/// <param name="Assembly">Name of the assembly.</param>
/// <param name="Root">Namespace of its folder.</param>
/// <param name="Folders">Namespaces below it, <c>.</c> for itself, the one that uses none of the others first.</param>
internal sealed record FolderOrder(string Assembly, string Root, params string[] Folders)
{
    public static readonly IReadOnlyList<FolderOrder> All =
    [
        new(
            "Crescent.Engine",
            "Crescent.Engine",
            "Simd",

            // What a model file holds.
            "Model.Gguf",
            "Model.Layers",
            "Model.Architectures",
            "Model.Text",
            "Model.Thoughts",
            "Model.ToolCalls",
            "Model.Templates.Values",
            "Model.Templates.Runtime",
            "Model.Templates.Functions",
            "Model.Templates.Expressions",
            "Model.Templates.Statements",
            "Model.Templates.Syntax",
            "Model.Templates",
            "Model",

            // From logits to tokens.
            "Sampling.Grammars",
            "Sampling",

            // The seam of devices, what they draw, and what they keep.
            "Devices",
            "Power",
            "Power.Rapl",
            "Power.Nvml",
            "Kv",

            // Devices.
            "Devices.Simulated",
            "Devices.Cpu.Memory",
            "Devices.Cpu.Threads",
            "Devices.Cpu.Weights",
            "Devices.Cpu.Weights.Panels",
            "Devices.Cpu.Weights.Panels.Numbers",
            "Devices.Cpu.Weights.Panels.Formats",
            "Devices.Cpu.Weights.Panels.Dots",
            "Devices.Cpu.Attention",
            "Devices.Cpu.Layers",
            "Devices.Cpu",

            // The engine itself.
            "Scheduling"),
        new(
            "Crescent.Engine.Cuda",
            "Crescent.Engine.Cuda",
            "Driver",
            "Memory",
            "Compilation",
            "Weights",
            "Parallel",
            "Steps",
            "."),
        new(
            "Crescent.Control",
            "Crescent.Control",
            "Health",
            "Kv",
            "Placement",
            "Power",
            "Planning"),
        new(
            "Crescent.Agents",
            "Crescent.Agents",
            "Steps",
            "Votes",
            "Strategies",
            "Tasks"),
        new(
            "Crescent.Lab",
            "Crescent.Lab",
            "Virtual",
            "Servers",
            "Fleet",
            "Frontier",
            "Calibration",

            // Studies, and how they are shown.
            "Studies",
            "Strategies",
            "Plots",
            "Rendering",
            "Commands"),
        new(
            "Crescent.Grains.Contracts",
            "Crescent.Grains.Contracts",
            "Membership",
            "Local",
            "Hub",
            "Identity",
            "Chat",
            "Power",
            "Planning",
            "Factory",
            "Agents"),
        new(
            "Crescent.Grains",
            "Crescent.Grains",
            "Models",
            "Configuration",

            // What silos tell one another, what is counted, and loops that go on.
            "Metrics",
            "Tracing",
            "Telemetry",
            "Kv",
            "Hosting",
            "Membership",
            "Frames",

            // Where a call goes, what it runs on, and what that may draw.
            "Placement",
            "Gpu",
            "Power",
            "Planning",
            "Inference",

            // Streams, and who asks for them.
            "Streams",
            "Requests",
            "Kept",
            "Turns",
            "Chat",

            // Tasks that make calls of their own.
            "Storage",
            "Agents",
            "Factory",

            // What keeps all of a silo informed, and what puts it together.
            "Gossip",
            "."),
        new(
            "Crescent.Silo",
            "Crescent.Silo",
            "Configuration",
            "Tools",
            "Identity",
            "Api.Wire",
            "Admission",
            "Stores",
            "Planning",
            "Ops",
            "Telemetry",
            "Api.OpenAi",
            "Api.Messages",
            "Api.Responses",
            "Api.Agents",
            "Api.Factory",
            "Api",
            "Hosting",
            "Supervision",
            "."),
    ];
}
