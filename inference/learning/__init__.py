"""Learning from corrections: what a job is, its folder, its process and its report. No torch and no Qt here.

    job = Job.create(folder, parent=find_card("starter"), name="mine", settings=LearnSettings(), pictures=pictures)
    process = LearnProcess(job, told=print)
    process.start()
    process.wait()
    job.report(), job.result

A job is a folder: whatever ends the process, the job can be opened and gone on with. The learning itself is done by
`inference.training.finetune`, in a child process.
"""
