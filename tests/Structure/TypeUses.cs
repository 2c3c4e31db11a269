using Mono.Cecil;

namespace Crescent.Tests.Structure;

/// <summary>Tells every type that a type and those nested in it name, as the outermost type around it; many more than once.</summary>
internal sealed class TypeUses(Action<TypeReference> told)
{
    public void Read(TypeDefinition type)
    {
        Tell(type.BaseType);
        Attributes(type);
        Parameters(type);
        foreach (var implemented in type.Interfaces)
        {
            Tell(implemented.InterfaceType);
        }

        foreach (var field in type.Fields)
        {
            Tell(field.FieldType);
            Attributes(field);
        }

        foreach (var property in type.Properties)
        {
            Attributes(property);
        }

        foreach (var method in type.Methods)
        {
            Read(method);
        }

        foreach (var nested in type.NestedTypes)
        {
            Read(nested);
        }
    }

    private void Read(MethodDefinition method)
    {
        Signature(method);
        Attributes(method);
        Parameters(method);
        foreach (var parameter in method.Parameters)
        {
            Attributes(parameter);
        }

        foreach (var overridden in method.Overrides)
        {
            Signature(overridden);
        }

        if (!method.HasBody)
        {
            return;
        }

        foreach (var variable in method.Body.Variables)
        {
            Tell(variable.VariableType);
        }

        foreach (var handler in method.Body.ExceptionHandlers)
        {
            Tell(handler.CatchType);
        }

        foreach (var instruction in method.Body.Instructions)
        {
            switch (instruction.Operand)
            {
                case TypeReference type:
                    Tell(type);
                    break;
                case MethodReference called:
                    Signature(called);
                    break;
                case FieldReference field:
                    Tell(field.DeclaringType);
                    Tell(field.FieldType);
                    break;
            }
        }
    }

    private void Signature(MethodReference method)
    {
        Tell(method.DeclaringType);
        Tell(method.ReturnType);
        foreach (var parameter in method.Parameters)
        {
            Tell(parameter.ParameterType);
        }

        foreach (var argument in (method as GenericInstanceMethod)?.GenericArguments ?? [])
        {
            Tell(argument);
        }
    }

    private void Parameters(IGenericParameterProvider provider)
    {
        foreach (var constraint in provider.GenericParameters.SelectMany(parameter => parameter.Constraints))
        {
            Tell(constraint.ConstraintType);
        }
    }

    // The values of attributes are not read: an enum of another assembly could not be resolved.
    private void Attributes(ICustomAttributeProvider provider)
    {
        foreach (var attribute in provider.CustomAttributes)
        {
            Tell(attribute.AttributeType);
        }
    }

    private void Tell(TypeReference? type)
    {
        switch (type)
        {
            case null or GenericParameter:
                break;
            case FunctionPointerType pointer:
                Tell(pointer.ReturnType);
                foreach (var parameter in pointer.Parameters)
                {
                    Tell(parameter.ParameterType);
                }

                break;
            case TypeSpecification specification:
                foreach (var argument in (type as GenericInstanceType)?.GenericArguments ?? [])
                {
                    Tell(argument);
                }

                Tell((type as IModifierType)?.ModifierType);
                Tell(specification.ElementType);
                break;
            case { DeclaringType: { } outer }:
                Tell(outer);
                break;
            default:
                told(type);
                break;
        }
    }
}
