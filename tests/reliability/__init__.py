"""
Whatever dies, whenever: nothing is lost, nothing is doubled, nobody gets stuck.

    make reliability        the whole matrix, and docs/reliability.md

    matrix      what is run: fault x step x moment
    scenarios   the operations, and what must be true of each in the end
    snapshots   the database and the local Railway as they are just before a step
    machine     a PostgreSQL server, a local Railway and a queue cluster, each a process
    strikes     the faults, and how a supervisor mends them
    case        one run: from the snapshot to the verdict
    report      docs/reliability.md
    sabotage    the control: workers without one of their guards
"""
