Console.WriteLine("Crescent");
