namespace Crescent.Silo.Configuration;

/// <summary>One thing to set: on the command line by its option, in appsettings.json and the environment by its key.</summary>
/// <param name="Option">Such as <c>--model</c>.</param>
/// <param name="Key">Such as <c>Crescent:Model</c>.</param>
/// <param name="Argument">What stands for its value in the help.</param>
/// <param name="Description">For the help.</param>
/// <param name="Hidden">Left out of the help.</param>
/// <param name="IsFlag">On the command line it may stand alone, which sets it to <c>true</c>.</param>
public sealed record Setting(string Option, string Key, string Argument, string Description, bool Hidden = false, bool IsFlag = false)
{
    /// <summary>One that is off unless it is there.</summary>
    public static Setting Flag(string option, string key, string description) => new(option, key, "bool", description, IsFlag: true);

    public override string ToString() => $"{Option} ({Key})";
}
