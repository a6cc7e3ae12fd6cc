"""All that is said to Railway. Imports no Django and nothing else of ours."""
