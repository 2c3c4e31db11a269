namespace Crescent.Engine.Model.Templates.Values;

/// <summary>Which of Python's ordered collections a <see cref="Sequence"/> stands for; it decides how it prints and whether it is true.</summary>
internal enum SequenceKind
{
    List,
    Tuple,
    Range,
    Keys,
    Values,
    Items,

    /// <summary>What lazy filters give: always true, and without a length.</summary>
    Generator,
}
